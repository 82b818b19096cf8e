#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "agent/watch/exec_probe.h"
#include "agent/watch/process_look.h"
#include "agent/watch/report_pace.h"
#include "surety/process.h"

namespace surety {

/// One process that is followed, with what was seen of it last.
class Followed {
 public:
  /// Looks at it for the first time. Without `may_probe` it gets no ExecProbe.
  Followed(std::shared_ptr<const ProcessHandle> process, bool may_probe);

  /// Looks again; the most important reason if anything differs from the last time.
  std::optional<WakeReason> LookAgain(LookPlan plan);

  [[nodiscard]] const ProcessHandle& process() const { return *process_; }
  [[nodiscard]] ProcessKey key() const { return process_->key(); }
  [[nodiscard]] bool has_probe() const { return probe_.knows(); }
  [[nodiscard]] ReportPace& pace() { return pace_; }

 private:
  // False if the process has no program any more.
  bool RenewProbe();

  std::shared_ptr<const ProcessHandle> process_;
  bool may_probe_;
  ExecProbe probe_;
  ProcessLook look_;
  ReportPace pace_;
};

/// The followed processes by process id, as the kernel's events name them. One owner.
class FollowedTable {
 public:
  /// Null if it is not followed.
  Followed* Find(pid_t pid);
  Followed& Add(Followed followed);
  void Remove(pid_t pid);
  /// The one whose pid follows on `pid`; null at the end.
  Followed* After(pid_t pid);

  [[nodiscard]] std::vector<pid_t> pids() const;
  [[nodiscard]] std::size_t size() const { return processes_.size(); }

 private:
  std::map<pid_t, Followed> processes_;
};

}  // namespace surety
