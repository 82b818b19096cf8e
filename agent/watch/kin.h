#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "surety/process.h"

namespace surety {

/// The followed processes and all living descendants of theirs, by process id,
/// kept true by being told of every birth on the machine: that a pid is given away
/// again is a birth too. A process stays kin when its parent dies; whoever is born
/// and dead before anybody could ask for its start time counts for its descendants
/// all the same. Pure; one owner.
class Kin {
 public:
  /// Someone whose start time is not known yet. `birth` tells apart those who have
  /// had the same pid.
  struct Newborn {
    pid_t pid = 0;
    std::uint64_t birth = 0;
  };

  explicit Kin(std::size_t most) : most_(most) {}

  /// A process by its name: one that is followed, or a child that was found. One that
  /// waits for its name still gets it by Name.
  void Add(const ProcessKey& followed);

  /// A process was born. False if it is kin and there is no room for it.
  bool Born(pid_t parent, pid_t child);

  /// Those that want a name, at most so many, the eldest first; each once.
  std::vector<Newborn> TakeNewborns(std::size_t most);
  /// The member with this pid if it has no name yet.
  [[nodiscard]] std::optional<Newborn> FindNewborn(pid_t pid) const;
  [[nodiscard]] bool has_newborns() const { return !newborns_.empty(); }

  /// Names a newborn, and gives back its parent or, where that had no name, the
  /// nearest ancestor that has. nullopt if the pid means another process by now.
  std::optional<ProcessKey> Name(const Newborn& newborn, const ProcessKey& key);

  /// The key of a member that has been named.
  [[nodiscard]] std::optional<ProcessKey> Find(pid_t pid) const;
  [[nodiscard]] bool Knows(pid_t pid) const { return members_.contains(pid); }
  /// The named member whose pid follows on `pid`, in a circle. nullopt if there is none.
  [[nodiscard]] std::optional<ProcessKey> After(pid_t pid) const;

  void Remove(pid_t pid) { members_.erase(pid); }
  /// Removes those without a name: births were missed, so whoever has their pids now
  /// may be somebody else.
  void ForgetNewborns();
  /// Removes those who have died.
  void Purge(const std::function<bool(pid_t)>& lives);
  [[nodiscard]] std::size_t size() const { return members_.size(); }

 private:
  struct Member {
    std::uint64_t birth = 0;
    bool named = false;
    ProcessKey key;  // Its own or, while it is not named, the ancestor's.
  };
  const std::size_t most_;
  std::map<pid_t, Member> members_;
  std::deque<Newborn> newborns_;
  std::uint64_t births_ = 0;
};

}  // namespace surety
