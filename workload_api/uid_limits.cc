#include "workload_api/uid_limits.h"

#include <algorithm>
#include <string>

namespace surety {
namespace {

Error Exhausted(uid_t uid, std::string_view what, std::uint32_t limit, std::string_view setting) {
  return {ErrorCode::kResourceExhausted, "uid " + std::to_string(uid) + " has " +
                                             std::to_string(limit) + " " + std::string(what) +
                                             " (limits." + std::string(setting) + ")"};
}

}  // namespace

Result<void> UidLimiter::OpenConnection(uid_t uid, BootTime now) {
  if (connections_ >= limits_.connections)
    return Error(ErrorCode::kResourceExhausted,
                 std::to_string(connections_) + " connections are open (limits.connections)");
  Share& share = ShareOf(uid, now);
  if (share.connections >= limits_.connections_per_uid)
    return Exhausted(uid, "connections open", share.connections, "connections_per_uid");
  ++share.connections;
  ++connections_;
  return {};
}

void UidLimiter::CloseConnection(uid_t uid) {
  const auto at = uids_.find(uid);
  if (at == uids_.end()) return;
  --at->second.connections;
  --connections_;
}

Result<void> UidLimiter::OpenCall(uid_t uid, BootTime now) {
  Share& share = ShareOf(uid, now);
  if (share.calls >= limits_.calls_per_uid)
    return Exhausted(uid, "calls open", share.calls, "streams_per_uid");
  if (share.tokens < 1)
    return Error(ErrorCode::kResourceExhausted,
                 "uid " + std::to_string(uid) +
                     " calls too often: wait a second (limits.calls_per_second_per_uid)");
  share.tokens -= 1;
  ++share.calls;
  ++calls_;
  return {};
}

void UidLimiter::CloseCall(uid_t uid) {
  const auto at = uids_.find(uid);
  if (at == uids_.end()) return;
  --at->second.calls;
  --calls_;
}

UidLimiter::Share& UidLimiter::ShareOf(uid_t uid, BootTime now) {
  if (uids_.size() >= forget_at_) ForgetQuiet(now);
  const auto at =
      uids_.try_emplace(uid, Share{.tokens = limits_.calls_burst, .refilled = now}).first;
  at->second.tokens = TokensAt(at->second, now);
  at->second.refilled = now;
  return at->second;
}

double UidLimiter::TokensAt(const Share& share, BootTime now) const {
  const double seconds = std::chrono::duration<double>(now - share.refilled).count();
  return std::min(limits_.calls_burst, share.tokens + seconds * limits_.calls_per_second);
}

// A uid must not get a fresh burst by closing all it has, so its share is kept
// until time alone has filled the burst again.
void UidLimiter::ForgetQuiet(BootTime now) {
  std::erase_if(uids_, [&](const auto& known) {
    const Share& share = known.second;
    return share.connections == 0 && share.calls == 0 &&
           TokensAt(share, now) >= limits_.calls_burst;
  });
  forget_at_ = std::max<std::size_t>(256, 2 * uids_.size());
}

}  // namespace surety
