#include "agent/policy/entry_policy.h"

namespace surety {

std::string_view NameOf(Action action) {
  switch (action) {
    case Action::kIssue: return "issue";
    case Action::kRotate: return "rotate";
    case Action::kBundles: return "bundles";
  }
  return "unknown";
}

std::string_view NameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllow: return "allow";
    case Verdict::kRefuse: return "refuse";
    case Verdict::kUndecided: return "undecided";
  }
  return "unknown";
}

Decision EntryPolicy::Decide(const PolicyRequest& request) const {
  if (!request.seen.complete()) return {Verdict::kUndecided, "facts_missing"};
  if (request.entry == nullptr) return {Verdict::kRefuse, "no_entry"};
  return {Verdict::kAllow, "entry_matched"};
}

}  // namespace surety
