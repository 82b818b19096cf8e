#include "attestors/tracer.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "attestors/proc_file.h"
#include "attestors/proc_text.h"
#include "surety/unique_fd.h"

namespace surety {
namespace {

constexpr std::size_t kMaxStatus = 64UL * 1024;

}  // namespace

Result<uid_t> ReadRealUidOfThread(pid_t thread) {
  const std::string path = "/proc/" + std::to_string(thread) + "/status";
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  int error = errno;
  if (!file) return Error(CodeOfProcError(error), path + ": " + std::strerror(error));
  const auto text = ReadProcFile(file.get(), kMaxStatus, true, error);
  if (!text) return text.error().Within(path);
  const auto status =
      *text ? ParseStatus(**text) : Error(ErrorCode::kResourceExhausted, path + " is too long");
  if (!status) return status.error();
  return status->real_uid;
}

Result<uid_t> UidOfTracer(const ProcessHandle& process, pid_t tracer,
                          const RealUidOfThread& real_uid) {
  const auto uid = real_uid(tracer);
  const auto text = process.ReadFile("status", kMaxStatus);
  if (!text) return text.error();
  const auto status = ParseStatus(*text);
  if (!status) return status.error();
  if (status->tracer != tracer)
    return Error(ErrorCode::kUnavailable, "the tracer let go while it was looked at");
  if (!uid) return uid.error().Within("looking at the tracer");
  return *uid;
}

}  // namespace surety
