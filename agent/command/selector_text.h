#pragma once

#include <optional>
#include <string>

#include "surety/selector.h"

namespace surety {

/// A selector as it can be shown and copied into an entry: built-in attestors
/// escape what a workload chose (attestors/printable.h), so that this is the
/// text as it is. nullopt if control characters or bytes that are not UTF-8 are
/// left in it; an entry could not hold them.
std::optional<std::string> CopyableText(const Selector& selector);

/// The same, or else an escaped form that is for reading only.
std::string ShownText(const Selector& selector);

}  // namespace surety
