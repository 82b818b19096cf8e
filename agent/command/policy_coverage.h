#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "agent/policy/policy_trial.h"

namespace surety {

/// How far each policy of a set was reached by trials. Borrows the set's rules.
class PolicyCoverage {
 public:
  explicit PolicyCoverage(const std::vector<Rule>& rules) : rules_(rules), reached_(rules.size()) {}

  void Add(const PolicyTrial& trial);

  [[nodiscard]] std::size_t decided() const;
  /// It held, and others decided. In the order of the rules.
  [[nodiscard]] std::vector<std::string> only_matched() const { return With(Reach::kMatched); }
  [[nodiscard]] std::vector<std::string> never_matched() const { return With(Reach::kNever); }

 private:
  enum class Reach { kNever, kMatched, kDecided };
  [[nodiscard]] std::vector<std::string> With(Reach reach) const;

  const std::vector<Rule>& rules_;
  std::vector<Reach> reached_;
};

}  // namespace surety
