#pragma once

#include <ostream>

#include "agent/command/flags.h"
#include "agent/doctor/finding.h"

namespace surety {

/// Prints what was found, what is not well with what to do, and the counts.
void PrintDiagnosis(const Diagnosis& findings, OutputFormat format, std::ostream& out);

}  // namespace surety
