#include "attestors/account_names.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace surety {
namespace {

using Name = AccountNames::Name;

constexpr std::size_t kRemembered = 16'384;

// A grown buffer is asked for by ERANGE: a group's record holds all its members.
template <typename Record, typename Ask>
Result<Name> AskDatabase(std::string_view what, Ask ask, char* Record::*name) {
  constexpr std::size_t kFirst = 4096;
  constexpr std::size_t kLargest = 4UL << 20U;
  for (std::size_t size = kFirst; size <= kLargest; size *= 4) {
    std::vector<char> buffer(size);
    Record record{};
    Record* found = nullptr;
    const int error = ask(&record, buffer.data(), buffer.size(), &found);
    if (error == ERANGE) continue;
    if (found != nullptr) return Name(found->*name);
    if (error == 0 || error == ENOENT || error == ESRCH) return Name();
    return Error(ErrorCode::kUnavailable, std::string(what) + ": " + std::strerror(error));
  }
  return Error(ErrorCode::kResourceExhausted, std::string(what) + ": the record is too large");
}

Result<Name> SystemUser(uid_t uid) {
  return AskDatabase<passwd>(
      "getpwuid_r(" + std::to_string(uid) + ")",
      [uid](passwd* record, char* buffer, std::size_t size, passwd** found) {
        return ::getpwuid_r(uid, record, buffer, size, found);
      },
      &passwd::pw_name);
}

Result<Name> SystemGroup(gid_t gid) {
  return AskDatabase<group>(
      "getgrgid_r(" + std::to_string(gid) + ")",
      [gid](group* record, char* buffer, std::size_t size, group** found) {
        return ::getgrgid_r(gid, record, buffer, size, found);
      },
      &group::gr_name);
}

WorkerPool::Limits PoolLimits() {
  WorkerPool::Limits limits;
  limits.threads = 8;
  return limits;
}

}  // namespace

AccountDatabase AccountDatabase::System() { return {SystemUser, SystemGroup}; }

AccountNames::AccountNames(AccountDatabase database, const std::function<BootTime()>& now)
    : database_(std::move(database)),
      pool_(std::make_shared<WorkerPool>(PoolLimits())),
      users_("asking for a user's name", pool_, LookupTimes{}, kRemembered, now),
      groups_("asking for a group's name", pool_, LookupTimes{}, kRemembered, now) {}

Result<Name> AccountNames::User(uid_t uid, uid_t share, BootClock::duration patience) {
  using Lookup = BackgroundLookup<std::uint64_t, Name>;
  return users_.Get(uid, share, patience, [&]() -> Result<Lookup::Compute> {
    return Lookup::Compute(
        [ask = database_.user, uid](const std::stop_token&) { return ask(uid); });
  });
}

Result<Name> AccountNames::Group(gid_t gid, uid_t share, BootClock::duration patience) {
  using Lookup = BackgroundLookup<std::uint64_t, Name>;
  return groups_.Get(gid, share, patience, [&]() -> Result<Lookup::Compute> {
    return Lookup::Compute(
        [ask = database_.group, gid](const std::stop_token&) { return ask(gid); });
  });
}

}  // namespace surety
