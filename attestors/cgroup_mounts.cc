#include "attestors/cgroup_mounts.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace surety {
namespace {

std::string_view Take(std::string_view& rest, char separator) {
  const std::string_view taken = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(rest.size(), taken.size() + 1));
  return taken;
}

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// The kernel writes space, tab, newline and backslash as \ooo (mangle_path).
std::string Unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '\\' && i + 3 < text.size() && IsOctal(text[i + 1]) &&
                         IsOctal(text[i + 2]) && IsOctal(text[i + 3]);
    if (!escaped) {
      out += text[i];
      continue;
    }
    int value = 0;
    for (std::size_t digit = 1; digit <= 3; ++digit) value = value * 8 + (text[i + digit] - '0');
    out += static_cast<char>(value & 0xff);
    i += 3;
  }
  return out;
}

std::vector<std::string> Split(std::string_view options) {
  std::vector<std::string> out;
  while (!options.empty()) out.emplace_back(Take(options, ','));
  return out;
}

}  // namespace

bool CgroupMount::Has(std::string_view controllers) const {
  if (unified || controllers.empty()) return unified && controllers.empty();
  const std::string_view first = Take(controllers, ',');
  return std::find(options.begin(), options.end(), first) != options.end();
}

Result<std::vector<CgroupMount>> ParseCgroupMounts(std::string_view mountinfo) {
  std::vector<CgroupMount> mounts;
  while (!mountinfo.empty()) {
    std::string_view line = Take(mountinfo, '\n');
    std::array<std::string_view, 6> fields;  // Id, parent, device, root, mount point, options.
    for (auto& field : fields) field = Take(line, ' ');
    std::string_view word = Take(line, ' ');
    while (!word.empty() && word != "-") word = Take(line, ' ');
    const std::string_view type = Take(line, ' ');
    Take(line, ' ');  // The source.
    if (word.empty() || type.empty())
      return Error(ErrorCode::kInvalidArgument, "mountinfo: cannot read a file system's type");
    const bool unified = type == "cgroup2";
    if ((!unified && type != "cgroup") || fields[3] != "/") continue;
    mounts.push_back({Unescape(fields[4]), unified,
                      unified ? std::vector<std::string>() : Split(Take(line, ' '))});
  }
  return mounts;
}

}  // namespace surety
