#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "attestors/background_lookup.h"
#include "attestors/worker_pool.h"
#include "surety/result.h"

namespace surety {

/// The account databases. Each may block for as long as it likes. nullopt: there
/// is no such account. An Error: could not tell.
struct AccountDatabase {
  std::function<Result<std::optional<std::string>>(uid_t)> user;
  std::function<Result<std::optional<std::string>>(gid_t)> group;
  /// getpwuid_r(3) and getgrgid_r(3).
  static AccountDatabase System();
};

/// Names of users and groups, asked for in the background, since the name
/// service may be a server on the network. An answer holds for 10 s and is given
/// for up to 60 s while it is asked for anew. Thread-safe.
class AccountNames {
 public:
  using Name = std::optional<std::string>;
  AccountNames(AccountDatabase database, const std::function<BootTime()>& now);

  /// As BackgroundLookup::Get, for the account of `share`.
  Result<Name> User(uid_t uid, uid_t share, BootClock::duration patience);
  Result<Name> Group(gid_t gid, uid_t share, BootClock::duration patience);

  void ForgetUser(uid_t uid, uid_t share) { users_.Forget(uid, share); }
  void ForgetGroup(gid_t gid, uid_t share) { groups_.Forget(gid, share); }

 private:
  const AccountDatabase database_;
  const std::shared_ptr<WorkerPool> pool_;
  BackgroundLookup<std::uint64_t, Name> users_;
  BackgroundLookup<std::uint64_t, Name> groups_;
};

}  // namespace surety
