#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

#include "agent/watch/kin.h"
#include "agent/watch/sweep_pace.h"
#include "surety/process.h"

namespace surety {

/// Reports the children of followed processes, and theirs, by name. With events it
/// is told of every birth; without, it looks for children itself, and finds those
/// that are still there. Belongs to one thread.
class Descendants {
 public:
  using Report = std::function<void(const ProcessKey& parent, const ProcessKey& child)>;

  /// Looking for children costs at most `share` of a core. `report` is called from
  /// within Tend.
  Descendants(ProcessOpener& opener, BootClock::duration interval, double share, Report report);

  /// Begins with this process and whatever descendants it has.
  void Add(const ProcessKey& followed);
  /// A process was born; false if it is kin and there is no room for it.
  bool Born(pid_t parent, pid_t child, BootTime now);
  /// Births were missed: looks for the children of all.
  void LookForAll();

  /// Does a portion of what there is to do. `sweeping`: no events come.
  /// `read_births` brings Born up to date.
  void Tend(BootTime now, bool sweeping, const std::function<void()>& read_births);
  /// Reports this process at once if it is a newborn that waits for its turn.
  void NameNow(pid_t process, const std::function<void()>& read_births);
  [[nodiscard]] BootTime due(bool sweeping) const;
  [[nodiscard]] std::size_t size() const { return kin_.size(); }

 private:
  void EnqueueAll();
  void NameNewborns(const std::function<void()>& read_births);
  void Name(const std::vector<Kin::Newborn>& newborns, const std::function<void()>& read_births);
  void Sweep(BootTime now);
  void Enqueue(const ProcessKey& process);
  // Looks for children of one of ours; drops it if it has exited.
  void LookForChildren(const ProcessKey& parent);
  void Take(const ProcessKey& parent, pid_t child);
  void MakeRoom(BootTime now);

  ProcessOpener& opener_;
  const Report report_;
  Kin kin_;
  SweepPace pace_;
  std::deque<ProcessKey> to_look_at_;
  std::unordered_map<pid_t, std::int64_t> cpu_times_;  // When last looked at by the sweep.
  pid_t at_ = 0;                                       // Of the sweep.
  bool look_for_all_ = false;
  BootTime next_;  // Of a portion of names or looks.
  BootTime purged_;
};

}  // namespace surety
