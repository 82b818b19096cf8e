#pragma once

#include <string>

#include "agent/walk/authorize.h"

namespace surety {

/// What a caller is told who was looked at and refused.
std::string Refused(const std::string& reason);

/// What a caller is told of whom could not be told who he is.
std::string CouldNotTell(const std::string& why, const Attestation& seen);

/// The verdict and every entry's decision: the same text for the same outcome, so that a
/// turn that finds nothing new leaves no record.
std::string SummaryOf(const Authorization& authorization);

/// Makes `next` no later than `when`.
void ComeBackBy(std::optional<BootTime>& next, BootTime when);

}  // namespace surety
