#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace surety {

/// What lies in a set of files; docs/sinks.md names them.
enum class SinkLayout { kPem, kCombined, kPkcs12 };

/// Which process a sink is for: exactly one of unit, container and uid is set.
struct SinkSubject {
  std::string unit = {};          ///< "nginx.service": its main process.
  std::string container = {};     ///< Name or id: its first process.
  std::optional<uid_t> uid = {};  ///< Its oldest process
  std::string exe = {};           ///< that runs this file; empty: whichever it runs.
};

/// How the process learns of new files; at most one is set.
struct SinkReload {
  std::string unit = {};                  ///< systemd is asked to reload it.
  int signal = 0;                         ///< Sent to the process.
  std::vector<std::string> command = {};  ///< A program, by its whole path, and its arguments.
  std::chrono::milliseconds timeout{10'000};
};

/// Where files go, and whose they are.
struct SinkFolderSettings {
  std::string path = {};
  std::optional<uid_t> owner = {};  ///< Not set: the daemon's own.
  std::optional<gid_t> group = {};  ///< Not set: as the folder gives it.
  mode_t key_mode = 0600;           ///< Of files that hold a key; others are 0644.
};

/// Files for a program that speaks no Workload API.
struct SinkSettings {
  std::string name = {};
  SinkSubject subject = {};
  SinkFolderSettings folder = {};
  SinkLayout layout = SinkLayout::kPem;
  std::string password = {};       ///< Of PKCS#12, which knows no file without one.
  bool keep_when_refused = false;  ///< Else the files are removed.
  SinkReload reload = {};
};

}  // namespace surety
