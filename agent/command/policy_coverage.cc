#include "agent/command/policy_coverage.h"

#include <algorithm>

namespace surety {
namespace {

bool Has(const std::vector<std::string>& ids, const std::string& id) {
  return std::ranges::find(ids, id) != ids.end();
}

}  // namespace

void PolicyCoverage::Add(const PolicyTrial& trial) {
  for (const auto index : trial.holding) {
    const std::string& id = rules_.at(index).id;
    // Alerts and monitored policies have their say by being observed.
    const bool decided = Has(trial.decision.policies, id) || Has(trial.decision.observed, id);
    reached_[index] = std::max(reached_[index], decided ? Reach::kDecided : Reach::kMatched);
  }
}

std::size_t PolicyCoverage::decided() const { return With(Reach::kDecided).size(); }

std::vector<std::string> PolicyCoverage::With(Reach reach) const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < rules_.size(); ++i)
    if (reached_[i] == reach) out.push_back(rules_[i].id);
  return out;
}

}  // namespace surety
