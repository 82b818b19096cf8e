#pragma once

#include <string>
#include <string_view>

namespace surety {

/// The lines of /proc/PID/status (proc_pid_status(5)) whose change is news, by
/// what they tell. Their text is kept as it is: it is compared, never read.
struct StatusDigest {
  std::string users;    ///< Uid.
  std::string groups;   ///< Gid, Groups.
  std::string tracer;   ///< TracerPid.
  std::string session;  ///< NSsid.
  std::string powers;   ///< The five sets of capabilities, NoNewPrivs, Seccomp.
  bool operator==(const StatusDigest&) const = default;
};

/// Lines that are not there are empty. Pure. The process's name, which it chooses,
/// cannot pass for another line: the kernel escapes newlines in it.
StatusDigest DigestOf(std::string_view status);

}  // namespace surety
