#include <array>

#include "conformance/probe.h"

namespace conformance {
namespace {

Verdict BothOrNone(Probe& probe) {
  const auto svids = probe.Ask("FetchWITSVID");
  const auto bundles = probe.Ask("FetchWITBundles");
  const bool no_svids = svids.end.code == Code::kUnimplemented;
  const bool no_bundles = bundles.end.code == Code::kUnimplemented;
  if (no_svids == no_bundles) return Judged("");
  return Judged(std::string("one of FetchWITSVID and FetchWITBundles alone is UNIMPLEMENTED: ") +
                (no_svids ? "FetchWITSVID" : "FetchWITBundles"));
}

constexpr auto kIncubating = "this part of the specification is incubating";

constexpr std::array kWitRules = {
    Rule{"WP1", "Workload API 7", Strength::kMust,
         "Without the WIT-SVID profile both of its RPCs are UNIMPLEMENTED", BothOrNone},
    Rule{"WP2", "Workload API 7.2.1", Strength::kMust, "FetchWITSVID gives one WIT-SVID at least",
         nullptr, kIncubating},
    Rule{"WP3", "Workload API 7.2.1", Strength::kMust, "A hint is there once", nullptr,
         kIncubating},
    Rule{"WP4", "Workload API 7.2.2", Strength::kMust,
         "FetchWITBundles gives the own trust domain's bundle", nullptr, kIncubating},
};

}  // namespace

Rules WitRules() { return kWitRules; }

}  // namespace conformance
