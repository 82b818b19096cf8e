#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "surety/policy.h"
#include "surety/result.h"

namespace surety {

/// What the hook is called among the ids of policies, and what its reasons and alerts
/// begin with: "hook", "hook.unavailable". No policy may have an id like these.
inline constexpr std::string_view kHookId = "hook";
inline constexpr std::string_view kHookReason = "hook.";

/// What a program of the operator's is asked: whether something that the policies
/// allow is right. Borrowed for the length of the call.
struct HookQuestion {
  Action action;
  std::string_view spiffe_id;
  std::string_view entry_id;
  const Decision& decided;  ///< An allow, with the facts that it was made on.
};

/// What it said, as it was said: whoever asks judges it (agent/policy/hook_answer.h).
struct HookAnswer {
  Verdict verdict = Verdict::kUndecided;
  std::string reason{};  ///< May be empty.
  Obligations obligations{};
};

/// A program beside the daemon that is asked after the policies. Thread-safe.
/// In workload_api/client/grpc_external_hook.h; tests: tests/fakes/scripted_hook.h.
class ExternalHook {
 public:
  virtual ~ExternalHook() = default;
  /// Returns within `timeout`, whatever the program does. An Error if there is no
  /// answer, or one that cannot be read; it says why, and on which socket.
  virtual Result<HookAnswer> Ask(const HookQuestion& question,
                                 std::chrono::milliseconds timeout) = 0;
};

}  // namespace surety
