#include "agent/record/audit_names.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <system_error>

#include "agent/issuance/own_folder.h"
#include "agent/record/audit_line.h"

namespace surety {
namespace {

constexpr std::string_view kSegmentPrefix = "audit-";
constexpr std::string_view kSegmentSuffix = ".jsonl";
constexpr std::size_t kSegmentDigits = 20;
constexpr std::string_view kPublicPrefix = "checkpoint-";
constexpr std::string_view kPublicSuffix = ".pub";
constexpr std::size_t kPublicDigits = 16;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::optional<std::string_view> Between(std::string_view name, std::string_view prefix,
                                        std::string_view suffix) {
  if (name.size() < prefix.size() + suffix.size() || !name.starts_with(prefix) ||
      !name.ends_with(suffix)) {
    return std::nullopt;
  }
  return name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
}

bool IsSegmentName(std::string_view name) { return FirstSeqOf(name).has_value(); }

}  // namespace

std::string SegmentName(std::uint64_t first_seq) {
  std::string digits;
  AppendNumber(digits, first_seq);
  std::string name(kSegmentPrefix);
  name.append(kSegmentDigits - digits.size(), '0').append(digits).append(kSegmentSuffix);
  return name;
}

std::optional<std::uint64_t> FirstSeqOf(std::string_view segment_name) {
  const auto digits = Between(segment_name, kSegmentPrefix, kSegmentSuffix);
  if (!digits || digits->size() != kSegmentDigits) return std::nullopt;
  std::uint64_t seq = 0;
  const auto* const last = digits->data() + digits->size();
  const auto [end, error] = std::from_chars(digits->data(), last, seq);
  if (error != std::errc() || end != last || seq == 0) return std::nullopt;
  return seq;
}

std::string PublicKeyName(std::string_view key_id) {
  return std::string(kPublicPrefix).append(key_id.substr(0, kPublicDigits)).append(kPublicSuffix);
}

bool IsPublicKeyName(std::string_view name) {
  const auto digits = Between(name, kPublicPrefix, kPublicSuffix);
  return digits && IsHex(*digits, kPublicDigits);
}

Result<std::vector<std::string>> ListNames(int dir, const std::string& path,
                                           bool (*is)(std::string_view)) {
  UniqueFd again(::openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!again) return OpenFailed(path);
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(again.get()));
  if (!directory) return OpenFailed(path);
  (void)again.Release();  // The directory closes it from here on.
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* item = ::readdir(directory.get())) {
    const std::string_view name = static_cast<const char*>(item->d_name);
    if (is(name)) names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) return OpenFailed(path);
  std::ranges::sort(names);
  return names;
}

Result<std::vector<std::string>> ListSegments(int dir, const std::string& path) {
  return ListNames(dir, path, IsSegmentName);
}

Result<UniqueFd> OpenForReading(int dir, const std::string& folder_path, const std::string& name) {
  const std::string path = folder_path + "/" + name;
  UniqueFd file(
      ::openat(dir, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) return OpenFailed(path);
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) return OpenFailed(path);
  if (!S_ISREG(found.st_mode))
    return Error(ErrorCode::kPermissionDenied, path + " is not a regular file");
  return file;
}

Result<std::string> ReadSmallFile(int dir, const std::string& folder_path, const std::string& name,
                                  std::size_t max_bytes) {
  const auto file = OpenForReading(dir, folder_path, name);
  if (!file) return file.error();
  std::string text;
  std::array<char, 4096> chunk{};
  while (text.size() <= max_bytes) {
    const ssize_t got = ::read(file->get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return OpenFailed(folder_path + "/" + name);
    if (got == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(got));
  }
  return Error(ErrorCode::kResourceExhausted, folder_path + "/" + name + " is larger than " +
                                                  std::to_string(max_bytes) + " bytes");
}

}  // namespace surety
