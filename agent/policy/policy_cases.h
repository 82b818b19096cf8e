#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/identity/diagnostic.h"
#include "surety/policy.h"

namespace surety {

inline constexpr std::size_t kMaxCases = 10'000;

/// A question and the answer that an operator expects. What is absent may be anything.
struct PolicyCase {
  std::string name;
  std::string file;
  Position at;
  std::string facts;  ///< Complete, as facts.h makes them.
  Verdict verdict = Verdict::kRefuse;
  std::optional<std::string> reason{};
  std::optional<std::vector<std::string>> policies{};  ///< Sorted.
  std::optional<std::vector<std::string>> observed{};  ///< Sorted.
  std::optional<Obligations> obligations{};
};

/// Reads the [[case]] tables of a TOML text as docs/policy.md describes them. Adds all that
/// is wrong, with its place; what is returned is whole only if there was no error.
std::vector<PolicyCase> ReadPolicyCases(std::string_view text, FileDiagnostics& diagnostics);

/// How a decision differs from what a case expects, one line each; empty if it does not.
std::vector<std::string> Differences(const PolicyCase& expected, const Decision& decision);

}  // namespace surety
