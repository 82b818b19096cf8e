#pragma once

#include <chrono>
#include <string>

#include "agent/walk/authorize.h"

namespace surety {

/// What a caller is told who was looked at and refused.
std::string Refused(const std::string& reason);

/// What a caller is told of whom could not be told who he is.
std::string CouldNotTell(const std::string& why, const Attestation& seen);

/// The verdict, every entry's decision and what could not be looked at: the same text for
/// the same outcome, so that a turn that finds nothing new leaves no record.
std::string SummaryOf(const Authorization& authorization, const Attestation& seen);

/// Makes `next` no later than `when`.
void ComeBackBy(std::optional<BootTime>& next, BootTime when);

/// How soon a process that was just pinned is looked at once more: what it did between
/// being looked at and being followed has woken no one.
inline constexpr std::chrono::milliseconds kSecondLook{1'000};

/// RotateAfter() spreads rotations over this part of the lifetime.
inline constexpr int kRotationSpread = 10;

}  // namespace surety
