#pragma once

#include <chrono>
#include <memory>

#include "agent/doctor/finding.h"
#include "agent/doctor/installation.h"

namespace surety {

/// Looks at every part of an installation, one after the other. Each look has `each` to
/// come to its end; one that does not, for a file system or a program that does not
/// answer, is left behind and told as broken.
Diagnosis Examine(const std::shared_ptr<const Installation>& all, std::chrono::milliseconds each);

}  // namespace surety
