#include "attestors/plugin_answer.h"

#include <algorithm>
#include <utility>

#include "attestors/findings.h"
#include "attestors/printable.h"

namespace surety {
namespace {

constexpr std::size_t kLongestQuote = 64;

using Fact = PluginAnswer::Fact;

Error Unusable(const std::string& what) {
  return {ErrorCode::kDataLoss, "the plug-in's answer " + what};
}

std::string Quoted(std::string_view text) {
  return "\"" + Printable(text.substr(0, kLongestQuote)) + "\"";
}

bool IsKind(std::string_view kind) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789_";
  return !kind.empty() && kind.size() <= kLongestPluginKind &&
         kind.find_first_not_of(kAllowed) == std::string_view::npos;
}

Result<void> CheckSizes(const PluginAnswer& answer) {
  if (answer.selectors.size() + answer.missing.size() > kMostPluginSelectors)
    return Unusable("has " + std::to_string(answer.selectors.size() + answer.missing.size()) +
                    " facts; at most " + std::to_string(kMostPluginSelectors) + " are taken");
  std::size_t bytes = 0;
  for (const auto* facts : {&answer.selectors, &answer.missing})
    for (const Fact& fact : *facts) {
      bytes += fact.kind.size() + fact.value.size();
      if (fact.value.size() > kLongestPluginValue)
        return Unusable("has a value of " + std::to_string(fact.value.size()) + " bytes; at most " +
                        std::to_string(kLongestPluginValue) + " are taken");
    }
  if (bytes > kMostPluginBytes)
    return Unusable("has " + std::to_string(bytes) + " bytes in all; at most " +
                    std::to_string(kMostPluginBytes) + " are taken");
  return {};
}

Result<void> CheckFact(const std::vector<std::string>& kinds, const Fact& fact) {
  if (std::find(kinds.begin(), kinds.end(), fact.kind) == kinds.end())
    return Unusable("has the kind " + Quoted(fact.kind) + ", which it did not describe");
  if (fact.value.empty()) return Unusable("has no value for the kind " + Quoted(fact.kind));
  if (Printable(fact.value) != fact.value)
    return Unusable("has a value that is no printable text: " + Quoted(fact.value));
  return {};
}

}  // namespace

Result<std::vector<std::string>> KindsOfPlugin(const PluginDescription& description) {
  const auto& kinds = description.kinds;
  if (kinds.empty() || kinds.size() > kMostPluginKinds)
    return Unusable("describes " + std::to_string(kinds.size()) + " kinds, not 1 to " +
                    std::to_string(kMostPluginKinds));
  const auto wrong = std::find_if_not(kinds.begin(), kinds.end(), IsKind);
  if (wrong != kinds.end())
    return Unusable("describes the kind " + Quoted(*wrong) + ", not 1 to " +
                    std::to_string(kLongestPluginKind) + " of a-z, 0-9 and _");
  return kinds;
}

Result<Attestation> JudgePluginAnswer(std::string_view type, const std::vector<std::string>& kinds,
                                      const ProcessKey& asked, const PluginAnswer& answer) {
  if (answer.start_ticks != asked.start_ticks)
    return Unusable("is about a process that started at " + std::to_string(answer.start_ticks) +
                    ", not at " + std::to_string(asked.start_ticks));
  if (auto fine = CheckSizes(answer); !fine) return fine.error();
  Findings findings(type);
  for (const Fact& fact : answer.selectors) {
    if (auto fine = CheckFact(kinds, fact); !fine) return fine.error();
    findings.Add(fact.kind + ":", fact.value);
  }
  std::optional<MissingFact> all_missing;
  for (const Fact& fact : answer.missing) {
    const Error why(ErrorCode::kUnavailable, "the plug-in says: " + Printable(fact.value));
    if (fact.kind.empty()) {
      all_missing = MissingFact{std::string(type), why};
      continue;
    }
    if (auto fine = CheckFact(kinds, {fact.kind, "-"}); !fine) return fine.error();
    findings.Missing(fact.kind, why);
  }
  auto out = std::move(findings).Finish();
  if (all_missing) out.missing.push_back(*std::move(all_missing));
  return out;
}

}  // namespace surety
