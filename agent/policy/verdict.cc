#include "agent/policy/verdict.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace surety {
namespace {

using Rules = std::vector<const Rule*>;

constexpr std::string_view kPolicyError = "policy_error";

/// The strongest first, then by id, so that equal answers have equal records.
bool Outranks(const Rule* left, const Rule* right) {
  if (left->response != right->response) return left->response > right->response;
  return left->id < right->id;
}

struct Holding {
  Rules permits;
  Rules forbids;
  Rules watching;  // Alerts and what is in monitor mode.
};

Holding Sort(const std::vector<Rule>& rules, const std::vector<std::uint32_t>& holding) {
  Holding out;
  for (const auto index : holding) {
    const Rule& rule = rules.at(index);
    Rules& where = !rule.enforced() ? out.watching : rule.permits ? out.permits : out.forbids;
    where.push_back(&rule);
  }
  std::sort(out.permits.begin(), out.permits.end(),
            [](const Rule* left, const Rule* right) { return left->id < right->id; });
  std::sort(out.forbids.begin(), out.forbids.end(), Outranks);
  std::sort(out.watching.begin(), out.watching.end(),
            [](const Rule* left, const Rule* right) { return left->id < right->id; });
  return out;
}

void AppendIds(const Rules& rules, std::vector<std::string>& out) {
  std::transform(rules.begin(), rules.end(), std::back_inserter(out),
                 [](const Rule* rule) { return rule->id; });
}

/// Whether one that has a say could not be evaluated.
bool AddErrors(const std::vector<Rule>& rules, const CedarAnswer& answer, Decision& out) {
  bool matters = false;
  for (const auto& failure : answer.failed) {
    const Rule& rule = rules.at(failure.policy);
    out.errors.push_back(rule.id + ": " + failure.why);
    matters |= rule.enforced();
  }
  std::sort(out.errors.begin(), out.errors.end());
  return matters;
}

void Cap(const Rules& rules, std::optional<Seconds>& cap) {
  for (const Rule* rule : rules)
    if (rule->ttl_cap && !rule->monitored)
      cap = std::min(cap.value_or(*rule->ttl_cap), *rule->ttl_cap);
}

Verdict VerdictOf(Response response) {
  switch (response) {
    case Response::kChallenge: return Verdict::kChallenge;
    case Response::kUndecided: return Verdict::kUndecided;
    default: return Verdict::kRefuse;
  }
}

/// Of several quarantines the longest.
void AddSanctions(const Rules& forbids, Obligations& out) {
  for (const Rule* rule : forbids) {
    if (rule->response == Response::kRevoke) out.revoke = true;
    if (rule->response != Response::kQuarantine) continue;
    if (!out.quarantine) {
      out.quarantine_for = rule->duration;
    } else if (out.quarantine_for) {
      out.quarantine_for =
          rule->duration ? std::max(out.quarantine_for, rule->duration) : std::nullopt;
    }
    out.quarantine = true;
    out.revoke = true;
    out.alert = true;
  }
}

void Enforce(const Holding& holding, bool failed, Decision& out) {
  const Rule* strongest = holding.forbids.empty() ? nullptr : holding.forbids.front();
  if (failed && (strongest == nullptr || strongest->response < Response::kUndecided)) {
    out.verdict = Verdict::kUndecided;
    out.reason = kPolicyError;
  } else if (strongest != nullptr) {
    out.verdict = VerdictOf(strongest->response);
    out.reason = strongest->reason;
    AppendIds(holding.forbids, out.policies);
    AddSanctions(holding.forbids, out.obligations);
  } else if (!holding.permits.empty()) {
    out.verdict = Verdict::kAllow;
    out.reason = holding.permits.front()->reason;
    AppendIds(holding.permits, out.policies);
    Cap(holding.permits, out.obligations.ttl_cap);
    Cap(holding.watching, out.obligations.ttl_cap);
  } else {
    out.verdict = Verdict::kRefuse;
    out.reason = "not_permitted";
  }
}

/// Names what would have been said even where no policy said it.
void Observe(const Holding& holding, bool failed, Decision& out) {
  Decision would;
  Enforce(holding, failed, would);
  if (would.verdict == Verdict::kAllow) return;
  out.observed = std::move(would.policies);
  if (out.observed.empty()) out.observed.push_back(would.reason);
}

void OnlyWatch(const Holding& holding, const PlainQuestion& question, bool failed, Decision& out) {
  if (!question.complete) {
    out.verdict = Verdict::kUndecided;
    out.reason = "facts_missing";
  } else if (!question.entry_matched) {
    out.verdict = Verdict::kRefuse;
    out.reason = "no_entry";
  } else {
    out.verdict = Verdict::kAllow;
    out.reason = "entry_matched";
  }
  Observe(holding, failed, out);
}

}  // namespace

std::string_view NameOf(PolicyMode mode) {
  return mode == PolicyMode::kEnforce ? "enforce" : "monitor";
}

Decision DecisionFrom(const std::vector<Rule>& rules, const CedarAnswer& answer, PolicyMode mode,
                      const PlainQuestion& question) {
  const Holding holding = Sort(rules, answer.holding);
  Decision out;
  const bool failed = AddErrors(rules, answer, out);
  if (mode == PolicyMode::kEnforce) {
    Enforce(holding, failed, out);
  } else {
    OnlyWatch(holding, question, failed, out);
  }
  AppendIds(holding.watching, out.observed);
  out.obligations.alert |= std::any_of(
      holding.watching.begin(), holding.watching.end(),
      [](const Rule* rule) { return !rule->monitored && rule->response == Response::kAlert; });
  return out;
}

Decision CouldNotAsk(const Error& error) {
  Decision out;
  out.verdict = Verdict::kUndecided;
  out.reason = kPolicyError;
  out.errors = {error.Text()};
  return out;
}

}  // namespace surety
