#pragma once

#include "surety/policy.h"

namespace surety {

/// Allows what matches an entry and refuses the rest; undecided while a fact is
/// missing, since a scope pinned without it could not be compared later.
/// Reasons: "entry_matched", "no_entry", "facts_missing".
class EntryPolicy final : public Policy {
 public:
  Decision Decide(const PolicyRequest& request) const override;
};

}  // namespace surety
