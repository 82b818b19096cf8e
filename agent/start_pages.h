#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace surety {

/// A part of the address space.
struct MappedRange {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const MappedRange&) const = default;
};

/// The mappings of files in the text of /proc/PID/smaps (proc(5)) that may not be written
/// to and hold no page of the process's own, as relocation makes them: what is given back
/// of these comes back from the file. Pure.
std::vector<MappedRange> UnchangedFileMappings(std::string_view smaps);

/// Gives the pages of programs and libraries back to the kernel, which has them in its page
/// cache in any case: linking and starting touches far more of them than serving does.
/// Call it once the start is over. What cannot be done is left undone.
void GiveBackStartPages();

}  // namespace surety
