#include "surety/policy.h"

namespace surety {

std::string_view NameOf(Action action) {
  switch (action) {
    case Action::kIssue: return "issue";
    case Action::kRotate: return "rotate";
    case Action::kBundles: return "bundles";
    case Action::kToken: return "token";
    case Action::kTask: return "task";
    case Action::kRequest: return "request";
  }
  return "unknown";
}

std::string_view NameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllow: return "allow";
    case Verdict::kRefuse: return "refuse";
    case Verdict::kChallenge: return "challenge";
    case Verdict::kUndecided: return "undecided";
  }
  return "unknown";
}

std::string_view NameOf(WakeMode mode) {
  switch (mode) {
    case WakeMode::kEvents: return "events";
    case WakeMode::kSweep: return "sweep";
  }
  return "unknown";
}

}  // namespace surety
