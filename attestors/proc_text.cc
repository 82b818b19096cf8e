#include "attestors/proc_text.h"

#include <array>
#include <charconv>
#include <limits>

namespace surety {
namespace {

Error Malformed(std::string_view file, std::string_view field) {
  return {ErrorCode::kInvalidArgument,
          "/proc/PID/" + std::string(file) + ": cannot read " + std::string(field)};
}

template <typename Number>
std::optional<Number> ToNumber(std::string_view text, int base = 10) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value, base);
  if (text.empty() || failure != std::errc() || stop != end) return std::nullopt;
  return value;
}

// Takes the text up to `separator` off the front, and the separator with it.
std::string_view TakeUpTo(std::string_view& rest, char separator) {
  const auto at = rest.find(separator);
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return taken;
}

// The next run of bytes that are neither space nor tab.
std::string_view TakeWord(std::string_view& rest) {
  const auto start = rest.find_first_not_of(" \t");
  rest.remove_prefix(start == std::string_view::npos ? rest.size() : start);
  const std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
  rest.remove_prefix(word.size());
  return word;
}

constexpr int kParentField = 4;
constexpr int kSessionField = 6;
constexpr int kFlagsField = 9;
constexpr int kStartField = 22;
constexpr std::uint32_t kExiting = 0x4;  // PF_EXITING, the same since Linux 2.6.

// A field of /proc/PID/stat by its number in proc(5); `rest` follows the name, field 2.
template <typename Number>
std::optional<Number> FieldAfterName(std::string_view rest, int field) {
  if (rest.ends_with('\n')) rest.remove_suffix(1);
  for (int i = 3; i < field; ++i) TakeWord(rest);
  return ToNumber<Number>(TakeWord(rest));
}

// "Uid:\t<real>\t<effective>\t<saved>\t<file system>"
template <typename Id>
bool ReadIds(std::string_view columns, Id& real, Id& effective) {
  const auto first = ToNumber<Id>(TakeWord(columns));
  const auto second = ToNumber<Id>(TakeWord(columns));
  if (!first || !second) return false;
  real = *first;
  effective = *second;
  return true;
}

bool ReadGroups(std::string_view columns, std::vector<gid_t>& out) {
  for (auto word = TakeWord(columns); !word.empty(); word = TakeWord(columns)) {
    const auto gid = ToNumber<gid_t>(word);
    if (!gid) return false;
    out.push_back(*gid);
  }
  return true;
}

template <typename Number>
bool ReadNumber(std::string_view columns, Number& out, int base = 10) {
  const auto number = ToNumber<Number>(TakeWord(columns), base);
  if (number) out = *number;
  return number.has_value() && TakeWord(columns).empty();
}

bool ReadFlag(std::string_view columns, bool& out) {
  unsigned flag = 0;
  if (!ReadNumber(columns, flag) || flag > 1) return false;
  out = flag == 1;
  return true;
}

constexpr std::array<std::string_view, 6> kStatusFields = {"TracerPid", "Uid",    "Gid",
                                                           "Groups",    "CapEff", "NoNewPrivs"};

// Which field this line of the status is; their number if it is none of them.
std::size_t FieldOf(std::string_view line) {
  std::size_t i = 0;
  for (; i < kStatusFields.size(); ++i) {
    const std::string_view name = kStatusFields.at(i);
    if (line.size() > name.size() && line.front() == name.front() && line[name.size()] == ':' &&
        line.starts_with(name))
      break;
  }
  return i;
}

bool ReadStatusField(std::size_t field, std::string_view columns, ProcessStatus& out) {
  switch (field) {
    case 0: return ReadNumber(columns, out.tracer);
    case 1: return ReadIds(columns, out.real_uid, out.uid);
    case 2: {
      gid_t real = 0;
      return ReadIds(columns, real, out.gid);
    }
    case 3: return ReadGroups(columns, out.groups);
    case 4: return ReadNumber(columns, out.cap_effective, 16);
    default: return ReadFlag(columns, out.no_new_privs);
  }
}

}  // namespace

Result<std::uint64_t> ParseStartTicks(std::string_view stat) {
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return Malformed("stat", "the end of the name");
  const auto ticks = FieldAfterName<std::uint64_t>(stat.substr(name_end + 1), kStartField);
  if (!ticks) return Malformed("stat", "the start time (field 22)");
  return *ticks;
}

Result<ProcessStat> ParseStat(std::string_view stat) {
  const auto name_begin = stat.find('(');
  const auto name_end = stat.rfind(')');
  if (name_begin == std::string_view::npos || name_end == std::string_view::npos ||
      name_end < name_begin)
    return Malformed("stat", "the name");
  const std::string_view rest = stat.substr(name_end + 1);
  const auto parent = FieldAfterName<pid_t>(rest, kParentField);
  const auto session = FieldAfterName<pid_t>(rest, kSessionField);
  const auto flags = FieldAfterName<std::uint32_t>(rest, kFlagsField);
  const auto ticks = FieldAfterName<std::uint64_t>(rest, kStartField);
  if (!parent || !session || !flags || !ticks || *parent < 0)
    return Malformed("stat", "the parent, the session, the flags or the start time");
  return ProcessStat{stat.substr(name_begin + 1, name_end - name_begin - 1), *parent, *session,
                     *ticks, (*flags & kExiting) != 0};
}

Result<std::optional<std::uint32_t>> ParseSessionId(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  const auto session = ToNumber<std::uint32_t>(text);
  if (!session) return Malformed("sessionid", "the session");
  if (*session == std::numeric_limits<std::uint32_t>::max()) return std::optional<std::uint32_t>();
  return std::optional(*session);
}

Result<ProcessStatus> ParseStatus(std::string_view status) {
  ProcessStatus out;
  std::array<bool, kStatusFields.size()> seen{};
  while (!status.empty()) {
    std::string_view line = TakeUpTo(status, '\n');
    const std::size_t i = FieldOf(line);
    if (i == kStatusFields.size()) continue;
    line.remove_prefix(kStatusFields.at(i).size() + 1);
    if (seen.at(i) || !ReadStatusField(i, line, out))
      return Malformed("status", kStatusFields.at(i));
    seen.at(i) = true;
  }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (!seen.at(i)) return Malformed("status", kStatusFields.at(i));
  }
  return out;
}

Result<std::vector<CgroupLine>> ParseCgroups(std::string_view text) {
  std::vector<CgroupLine> lines;
  while (!text.empty()) {
    std::string_view rest = TakeUpTo(text, '\n');
    const auto hierarchy = ToNumber<std::uint32_t>(TakeUpTo(rest, ':'));
    if (!hierarchy) return Malformed("cgroup", "a hierarchy id");
    const std::string_view controllers = TakeUpTo(rest, ':');
    if (!rest.starts_with('/')) return Malformed("cgroup", "a path");
    lines.push_back({*hierarchy, controllers, rest});
  }
  return lines;
}

Result<std::optional<std::string>> FindMountType(std::string_view mountinfo,
                                                 std::uint64_t mount_id) {
  while (!mountinfo.empty()) {
    std::string_view line = TakeUpTo(mountinfo, '\n');
    const auto id = ToNumber<std::uint64_t>(TakeWord(line));
    if (!id) return Malformed("mountinfo", "a mount id");
    if (*id != mount_id) continue;
    // Optional fields stand before a word that is a single '-'; the type follows it.
    std::string_view word = TakeWord(line);
    while (!word.empty() && word != "-") word = TakeWord(line);
    const std::string_view type = TakeWord(line);
    if (type.empty()) return Malformed("mountinfo", "a file system type");
    return std::optional(std::string(type));
  }
  return std::optional<std::string>();
}

Result<std::uint64_t> ParseNamespaceLink(std::string_view link, std::string_view kind) {
  const bool framed = link.size() > kind.size() + 3 && link.starts_with(kind) &&
                      link.substr(kind.size(), 2) == ":[" && link.ends_with(']');
  if (!framed) return Malformed("ns", kind);
  link.remove_prefix(kind.size() + 2);
  link.remove_suffix(1);
  const auto inode = ToNumber<std::uint64_t>(link);
  if (!inode) return Malformed("ns", kind);
  return *inode;
}

}  // namespace surety
