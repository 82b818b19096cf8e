#include "agent/metrics/process_usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace surety {
namespace {

double SecondsOf(const timeval& time) {
  constexpr double kMicroseconds = 1e6;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / kMicroseconds;
}

// The second number of statm: pages. Zero where /proc does not say.
std::uint64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  if (!(file >> size >> resident)) return 0;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t ThingsIn(const char* folder) {
  std::error_code failed;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end;
       at.increment(failed))
    ++count;
  return count;
}

}  // namespace

Result<ProcessUsage> ReadProcessUsage() {
  rusage used{};
  rlimit fds{};
  if (::getrusage(RUSAGE_SELF, &used) != 0 || ::getrlimit(RLIMIT_NOFILE, &fds) != 0)
    return Error(ErrorCode::kUnavailable,
                 std::string("asking what we use: ") + std::strerror(errno));
  return ProcessUsage{.cpu_seconds = SecondsOf(used.ru_utime) + SecondsOf(used.ru_stime),
                      .resident_bytes = ResidentBytes(),
                      .threads = ThingsIn("/proc/self/task"),
                      .open_fds = ThingsIn("/proc/self/fd"),
                      .most_fds = fds.rlim_cur};
}

}  // namespace surety
