#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/identity/diagnostic.h"
#include "agent/policy/cedar_policies.h"
#include "surety/clock.h"

namespace surety {

/// What a forbid that holds leads to, the weakest first. Of all that hold the
/// strongest is taken.
enum class Response { kAlert, kChallenge, kUndecided, kRefuse, kRevoke, kQuarantine };

/// The word of @response: "quarantine".
std::string_view NameOf(Response response);

/// The response of a word; nullopt if there is none.
std::optional<Response> ResponseNamed(std::string_view word);

/// A policy with what its annotations say.
struct Rule {
  std::string id;
  bool permits = false;
  Response response = Response::kRefuse;  ///< Of a forbid.
  std::string reason;
  std::optional<Seconds> duration;  ///< Of a quarantine; absent: until released.
  std::optional<Seconds> ttl_cap;
  bool monitored = false;  ///< Only recorded.
  std::string file;
  Position at;
  std::vector<std::string> looks_at;
  std::string text;

  /// Whether it has a say in the verdict.
  [[nodiscard]] bool enforced() const {
    return !monitored && (permits || response != Response::kAlert);
  }
};

inline constexpr std::size_t kMaxRuleIdBytes = 128;

/// Reads the annotations of each policy: @id, @reason, @response, @duration, @ttl_cap
/// and @mode, as docs/policy.md says. Adds an error, with its place and how to mend it,
/// for each that is unknown, has no such value or does not fit its policy, and for a
/// policy without an @id. Returns as many rules as there are policies, to be used only
/// if nothing was wrong.
std::vector<Rule> ReadRules(const std::vector<WrittenPolicy>& policies, Diagnostics& diagnostics);

/// Adds an error for every @id that a rule shares with one before it.
void RefuseDuplicateIds(const std::vector<Rule>& rules, Diagnostics& diagnostics);

}  // namespace surety
