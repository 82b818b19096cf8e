#pragma once

#include <string>
#include <string_view>

namespace surety {

/// The text with `instead` in the place of each control byte (C0, DEL), so that nothing a
/// program or a workload says (a file, a label, an error) can forge a line of a log. Pure.
std::string OneLine(std::string_view text, char instead = '?');

}  // namespace surety
