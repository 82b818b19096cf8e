#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "surety/clock.h"

namespace surety {

/// One signing certificate of the daemon. The key itself never leaves it.
struct AuthorityStatus {
  std::string subject_key_id;  ///< Lower-case hex.
  std::string serial;          ///< Lower-case hex.
  std::string phase;           ///< "prepared", "active", "retired".
  std::string source;          ///< "embedded", "files", or the URI of a key in a token.
  std::optional<WallTime> not_before;
  std::optional<WallTime> not_after;
  std::optional<WallTime> next_change;  ///< When it enters its next phase.
};

struct EntriesStatus {
  std::uint32_t count = 0;
  std::optional<WallTime> loaded_at;
  std::string folder;
  std::string last_error;  ///< Why the newest files were not taken; empty when they were.
};

/// One open stream.
struct SessionStatus {
  pid_t pid = 0;
  uid_t uid = 0;
  std::string method;  ///< "FetchX509SVID".
  std::vector<std::string> spiffe_ids;
  std::string state;  ///< "served", "undecided", "waiting".
  std::optional<WallTime> opened_at;
  std::optional<WallTime> last_push;
  std::optional<WallTime> next_turn;
};

/// One [[sink]]: a process, and the files that are written for it.
struct SinkStatus {
  std::string name;
  std::string subject;  ///< In words: "unit nginx.service".
  std::string folder;
  std::string state;  ///< "no process", "asking", "written", "undecided", "refused".
  pid_t pid = 0;      ///< 0: there is none now.
  uid_t uid = 0;
  std::string spiffe_id;  ///< Of the files, as what follows; empty if there are none.
  std::string serial;
  std::optional<WallTime> not_after;
  std::optional<WallTime> written_at;
  std::string last_error;  ///< What does not work; empty when all does.
};

struct LoadStatus {
  std::uint32_t connections = 0;
  std::uint32_t connections_limit = 0;  ///< Zero: no limit.
  std::uint32_t streams = 0;
  std::uint32_t ready_turns = 0;  ///< Due, and waiting for a thread.
  std::uint64_t accepted_total = 0;
  std::uint64_t refused_connections_total = 0;
  std::uint64_t refused_calls_total = 0;
};

/// How the policy hook and what serves it are doing.
struct HookStatus {
  std::string policy_revision;
  std::string policy_mode;    ///< "enforce", "monitor".
  std::string policy_folder;  ///< Empty: the built-in policy.
  std::uint32_t policies = 0;
  std::string wake_mode;  ///< "events", "sweep".
  std::uint64_t followed = 0;
  std::uint32_t quarantines = 0;
  std::uint32_t revoked = 0;  ///< On the CRLs.
  std::optional<WallTime> crl_published_at;
  std::optional<WallTime> crl_next_update;
  std::uint64_t audit_sequence = 0;
  std::string audit_segment;
};

/// How a daemon is doing (surety.admin.v1.GetStatusResponse). A time that the
/// daemon did not give is absent.
struct DaemonStatus {
  std::string version;
  std::string trust_domain;
  pid_t pid = 0;
  std::optional<WallTime> started_at;
  std::uint64_t bundle_revision = 0;
  std::vector<std::string> degraded;  ///< Plain sentences; empty when all is well.
  std::vector<AuthorityStatus> authorities;
  EntriesStatus entries;
  HookStatus hook;
  LoadStatus load;
  std::vector<SessionStatus> sessions;  ///< Possibly fewer than load.streams.
  std::vector<SinkStatus> sinks{};
};

/// Where the daemon's status comes from. Thread-safe.
class StatusSource {
 public:
  virtual ~StatusSource() = default;
  /// Everything but what belongs to the sockets: `load` and `sessions` are empty.
  [[nodiscard]] virtual DaemonStatus Status() const = 0;
};

}  // namespace surety
