#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/command/flags.h"
#include "agent/config.h"
#include "agent/identity/diagnostic.h"
#include "attestors/proc_text.h"
#include "surety/admin_client.h"
#include "surety/clock.h"
#include "surety/daemon_status.h"
#include "surety/result.h"

namespace surety {

/// An installation as far as it is known before its parts are looked at.
struct Installation {
  std::string config_file;
  std::optional<Config> config;  ///< nullopt: it cannot be used.
  Diagnostics wrong_with_config;
  std::optional<DaemonStatus> daemon;    ///< What the daemon says of itself; nullopt: nothing.
  std::string why_silent;                ///< Why it says nothing.
  std::optional<ProcessStatus> process;  ///< The daemon, as the kernel knows it.
  uid_t uid = 0;                         ///< The daemon's; if none runs, that of who should run it.
  Moment now;

  [[nodiscard]] std::string AdminSocket() const;
};

/// Reads the configuration and asks the daemon, if one answers, by the client that
/// `connect` makes for its admin socket. kInvalidArgument: --user names nobody.
Result<std::shared_ptr<const Installation>> Gather(
    const DoctorFlags& flags, const Clock& clock,
    const std::function<std::unique_ptr<AdminClient>(const std::string& socket)>& connect);

}  // namespace surety
