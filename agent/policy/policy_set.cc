#include "agent/policy/policy_set.h"

#include <algorithm>
#include <set>
#include <utility>

#include "agent/policy/embedded_texts.h"

namespace surety {
namespace {

struct Loaded {
  std::unique_ptr<const CedarPolicies> cedar;
  std::vector<Rule> rules;
};

Loaded LoadTexts(const std::vector<PolicyText>& texts, Diagnostics& diagnostics) {
  Loaded out;
  out.cedar = CedarPolicies::Load(texts, diagnostics);
  if (out.cedar == nullptr) return out;
  out.rules = ReadRules(out.cedar->policies(), diagnostics);
  RefuseDuplicateIds(out.rules, diagnostics);
  return out;
}

/// Overwrites a policy with blanks, so that what follows keeps its place.
void Blank(const std::string& policy, std::string& text) {
  const auto at = text.find(policy);
  if (at == std::string::npos) return;
  std::transform(text.begin() + static_cast<std::ptrdiff_t>(at),
                 text.begin() + static_cast<std::ptrdiff_t>(at + policy.size()),
                 text.begin() + static_cast<std::ptrdiff_t>(at),
                 [](char c) { return c == '\n' ? '\n' : ' '; });
}

/// The built-in policy without what `rules` have in its place, whose ids are added to
/// `replaced`.
PolicyText Beneath(const std::vector<Rule>& rules, std::vector<std::string>& replaced,
                   Diagnostics& diagnostics) {
  std::set<std::string_view> ids;
  for (const Rule& rule : rules) ids.insert(rule.id);
  PolicyText text{std::string(kBuiltInFile), std::string(kDefaultPolicy)};
  for (const Rule& rule : LoadTexts({text}, diagnostics).rules) {
    if (!ids.contains(rule.id)) continue;
    Blank(rule.text, text.text);
    replaced.push_back(rule.id);
  }
  return text;
}

}  // namespace

std::shared_ptr<const PolicySet> PolicySet::Build(std::vector<PolicyText> texts, BuiltIn built_in,
                                                  Diagnostics& diagnostics) {
  Loaded loaded = LoadTexts(texts, diagnostics);
  if (diagnostics.has_errors()) return nullptr;
  std::unique_ptr<PolicySet> out(new PolicySet());
  if (built_in == BuiltIn::kBeneath) {
    texts.insert(texts.begin(), Beneath(loaded.rules, out->replaced_, diagnostics));
    Diagnostics again;  // The warnings of the first load are enough.
    loaded = LoadTexts(texts, again);
    for (const Diagnostic& item : again.items())
      if (item.severity == Severity::kError) diagnostics.Add(item);
  }
  if (loaded.rules.size() > kMaxPolicies)
    FileDiagnostics("policies", diagnostics)
        .Error({}, "there are more than " + std::to_string(kMaxPolicies) + " policies",
               "each costs time in every decision: remove some");
  if (diagnostics.has_errors() || loaded.cedar == nullptr) return nullptr;
  out->cedar_ = std::move(loaded.cedar);
  out->rules_ = std::move(loaded.rules);
  out->texts_ = std::move(texts);
  return out;
}

Decision PolicySet::Decide(std::string_view facts, PolicyMode mode,
                           const PlainQuestion& question) const {
  const auto answer = cedar_->Ask(facts);
  if (!answer) return CouldNotAsk(answer.error());
  return DecisionFrom(rules_, *answer, mode, question);
}

}  // namespace surety
