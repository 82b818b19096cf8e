#pragma once

#include <string>
#include <string_view>

namespace surety {

/// Text that a workload chose (a path, a cgroup, a label) as it stands in a
/// selector: always valid UTF-8 without control bytes, so that no log, JSON or
/// terminal can be broken by it. A backslash, a C0 or C1 control, DEL and every
/// byte that is not part of well-formed UTF-8 become \xHH (lower-case hex, one
/// per byte). Everything else stays as it is. Different texts stay different.
/// Pure.
std::string Printable(std::string_view text);

}  // namespace surety
