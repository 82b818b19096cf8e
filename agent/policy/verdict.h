#pragma once

#include <vector>

#include "agent/policy/cedar_policies.h"
#include "agent/policy/rule.h"
#include "surety/policy.h"

namespace surety {

enum class PolicyMode {
  kEnforce,
  kMonitor,  ///< What the policies say is recorded; the entry alone decides.
};

std::string_view NameOf(PolicyMode mode);

/// What a request is called when nothing but the entry is asked.
struct PlainQuestion {
  bool complete = false;
  bool entry_matched = false;
};

/// What follows from the policies that hold (docs/policy.md, "Which answer comes out"):
/// the strongest response of the enforced forbids; else undecided, if an enforced policy
/// could not be evaluated; else yes, if a permit holds; else no ("not_permitted").
/// Policies that only watch change nothing but `observed`, alerts and the cap on the
/// lifetime. In monitor mode the plain question decides, and `observed` has what would
/// have: the forbids that hold, else "policy_error" or "not_permitted" where that would
/// have been the answer. `facts` is left empty. Pure.
Decision DecisionFrom(const std::vector<Rule>& rules, const CedarAnswer& answer, PolicyMode mode,
                      const PlainQuestion& question);

/// The decision when nothing could be asked: undecided, "policy_error".
Decision CouldNotAsk(const Error& error);

}  // namespace surety
