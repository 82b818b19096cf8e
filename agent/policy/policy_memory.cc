#include "agent/policy/policy_memory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "agent/identity/trusted_file.h"
#include "surety/unique_fd.h"

namespace surety {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;

Error FailedTo(const std::string& what, const std::string& path) {
  return {ErrorCode::kUnavailable,
          what + " " + path + ": " + std::generic_category().message(errno)};
}

Result<void> WriteAll(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FailedTo("writing", path);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(fd) != 0) return FailedTo("syncing", path);
  return {};
}

Result<void> SyncFolderOf(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return FailedTo("syncing", folder);
  return {};
}

std::string TextOf(const PolicyMemory& memory) {
  Json json{{"format", 1}, {"enforced", Json::object()}};
  for (const auto& [id, response] : memory.enforced) json["enforced"][id] = NameOf(response);
  if (memory.highest_revision) json["revision"] = *memory.highest_revision;
  if (memory.mode) json["mode"] = NameOf(*memory.mode);
  return json.dump() + "\n";
}

PolicyMemory MemoryFrom(const Json& json) {
  PolicyMemory out;
  if (json.at("format") != 1) throw std::runtime_error("another format");
  if (json.contains("revision")) out.highest_revision = json["revision"].get<std::int64_t>();
  if (json.contains("mode"))
    out.mode = json["mode"] == "monitor" ? PolicyMode::kMonitor : PolicyMode::kEnforce;
  for (const auto& [id, response] : json.at("enforced").items()) {
    const auto known = ResponseNamed(response.get<std::string>());
    if (!known) throw std::runtime_error("an unknown response");
    out.enforced.emplace(id, *known);
  }
  return out;
}

}  // namespace

Result<PolicyMemory> ReadPolicyMemory(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 && errno == ENOENT) return PolicyMemory{};
  Diagnostics diagnostics;
  FileDiagnostics errors(path, diagnostics);
  const auto text = ReadTrustedFile(kMaxBytes, errors);
  if (!text) return Error(ErrorCode::kPermissionDenied, Summary(diagnostics));
  try {
    return MemoryFrom(Json::parse(*text));
  } catch (const std::exception& error) {
    return Error(ErrorCode::kDataLoss, path + " cannot be understood: " + error.what());
  }
}

Result<void> WritePolicyMemory(const std::string& path, const PolicyMemory& memory) {
  const std::string next = path + ".next";
  if (::unlink(next.c_str()) != 0 && errno != ENOENT) return FailedTo("removing", next);
  const UniqueFd fd(
      ::open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return FailedTo("making", next);
  if (const auto written = WriteAll(fd.get(), TextOf(memory), next); !written)
    return written.error();
  if (std::rename(next.c_str(), path.c_str()) != 0) return FailedTo("renaming", next);
  return SyncFolderOf(path);
}

}  // namespace surety
