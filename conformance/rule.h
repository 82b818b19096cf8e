#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace conformance {

class Probe;

/// How much a rule binds: what the specification demands, what it recommends, and what
/// it is silent about while servers and client libraries agree.
enum class Strength { kMust, kShould, kUsual };

enum class Result { kKept, kBroken, kSkipped };

/// What came of a rule. The reason is empty if the rule is kept.
struct Verdict {
  Result result = Result::kKept;
  std::string reason;
};

inline Verdict Skipped(std::string reason) { return {Result::kSkipped, std::move(reason)}; }

/// Broken by `problem`, or kept if that is empty.
inline Verdict Judged(std::string problem) {
  const auto result = problem.empty() ? Result::kKept : Result::kBroken;
  return {result, std::move(problem)};
}

/// One statement about a server of the Workload API.
struct Rule {
  std::string_view id;
  std::string_view section;  ///< Of the specification: "Workload API 4.3".
  Strength strength = Strength::kMust;
  std::string_view summary;
  /// Null for what no client can see.
  Verdict (*check)(Probe&) = nullptr;
  /// Why there is no check; empty if there is one.
  std::string_view unseen = {};
};

using Rules = std::span<const Rule>;

Rules EndpointRules();
Rules StreamRules();
Rules X509Rules();
Rules CertificateRules();
Rules IdRules();
Rules JwtRules();
Rules JwkSetRules();
Rules ValidateRules();
Rules TokenRules();
Rules WitRules();
Rules WitTokenRules();

}  // namespace conformance
