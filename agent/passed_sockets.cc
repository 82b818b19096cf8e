#include "agent/passed_sockets.h"

#include <systemd/sd-daemon.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace surety {
namespace {

constexpr int kUnsetEnvironment = 1;

struct Freed {
  void operator()(void* from_systemd) const { std::free(from_systemd); }
};

struct Passed {
  UniqueFd fd;
  std::string name;
};

// Owned from here on, whatever becomes of the names.
Result<std::vector<Passed>> Take() {
  char** raw = nullptr;
  const int count = ::sd_listen_fds_with_names(kUnsetEnvironment, &raw);
  if (count < 0)
    return Error(ErrorCode::kInvalidArgument,
                 "LISTEN_FDS and LISTEN_FDNAMES are not what systemd sets: " +
                     std::generic_category().message(-count));
  const std::unique_ptr<char*, Freed> names(raw);
  std::vector<Passed> all;
  for (int i = 0; i < count; ++i) {
    const std::unique_ptr<char, Freed> name(names.get()[i]);
    all.push_back({UniqueFd(SD_LISTEN_FDS_START + i), name.get()});
  }
  return all;
}

}  // namespace

Result<PassedSockets> TakePassedSockets() {
  auto all = Take();
  if (!all) return all.error();
  PassedSockets out;
  for (Passed& passed : *all) {
    const bool workload = passed.name == "workload";
    if (!workload && passed.name != "admin")
      return Error(ErrorCode::kInvalidArgument,
                   "systemd passed a socket named \"" + passed.name +
                       "\": set FileDescriptorName= of its unit to workload or admin");
    UniqueFd& place = workload ? out.workload : out.admin;
    if (place)
      return Error(ErrorCode::kInvalidArgument,
                   "systemd passed two sockets named \"" + passed.name +
                       "\": leave one ListenStream= in its unit, and one unit with this name");
    place = std::move(passed.fd);
  }
  return out;
}

}  // namespace surety
