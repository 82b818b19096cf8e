#include "agent/start_pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace surety {
namespace {

std::string_view NextLine(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::optional<std::size_t> TakeHex(std::string_view& text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// "7f00-7f10 r-xp 00000000 08:01 1234   /usr/lib/x.so", of a file that is not written to.
std::optional<MappedRange> ReadOnlyFile(std::string_view line) {
  MappedRange range;
  const auto begin = TakeHex(line);
  if (!begin || !line.starts_with('-')) return std::nullopt;
  line.remove_prefix(1);
  const auto end = TakeHex(line);
  if (!end || !line.starts_with(" r-") || line.find(" /") == std::string_view::npos)
    return std::nullopt;
  range.begin = *begin;
  range.end = *end;
  return range;
}

bool IsHeader(std::string_view line) {
  std::string_view rest = line;
  return TakeHex(rest) && rest.starts_with('-');
}

// "Anonymous:             8 kB" and not 0.
bool TellsOfOwnPages(std::string_view line) {
  return line.starts_with("Anonymous:") && line.find(" 0 kB") == std::string_view::npos;
}

}  // namespace

std::vector<MappedRange> UnchangedFileMappings(std::string_view smaps) {
  std::vector<MappedRange> found;
  bool open = false;  // The last one found may still turn out to have pages of its own.
  while (!smaps.empty()) {
    const std::string_view line = NextLine(smaps);
    if (IsHeader(line)) {
      const auto range = ReadOnlyFile(line);
      open = range.has_value();
      if (range) found.push_back(*range);
    } else if (open && TellsOfOwnPages(line)) {
      found.pop_back();
      open = false;
    }
  }
  return found;
}

void GiveBackStartPages() {
  std::ifstream file("/proc/self/smaps");
  const std::string smaps{std::istreambuf_iterator<char>(file), {}};
  for (const MappedRange& range : UnchangedFileMappings(smaps))
    ::madvise(std::bit_cast<void*>(range.begin), range.end - range.begin, MADV_DONTNEED);
}

}  // namespace surety
