#include "agent/watch/kin.h"

#include <algorithm>

namespace surety {

void Kin::Add(const ProcessKey& followed) {
  const auto known = members_.find(followed.pid);
  if (known != members_.end() && (!known->second.named || known->second.key == followed)) return;
  members_.insert_or_assign(followed.pid,
                            Member{.birth = ++births_, .named = true, .key = followed});
}

bool Kin::Born(pid_t parent, pid_t child) {
  const auto above = members_.find(parent);
  if (above == members_.end()) {
    members_.erase(child);
    return true;
  }
  if (newborns_.size() >= most_ || (members_.size() >= most_ && !members_.contains(child)))
    return false;
  const Member born{.birth = ++births_, .named = false, .key = above->second.key};
  members_.insert_or_assign(child, born);
  newborns_.push_back({child, born.birth});
  return true;
}

// Those that have been replaced or removed since are left out: a storm of births
// leaves as many names in the queue, but no more work than there are members.
std::vector<Kin::Newborn> Kin::TakeNewborns(std::size_t most) {
  std::vector<Newborn> taken;
  while (taken.size() < most && !newborns_.empty()) {
    const auto newborn = newborns_.front();
    newborns_.pop_front();
    const auto at = members_.find(newborn.pid);
    if (at != members_.end() && at->second.birth == newborn.birth) taken.push_back(newborn);
  }
  return taken;
}

std::optional<Kin::Newborn> Kin::FindNewborn(pid_t pid) const {
  const auto at = members_.find(pid);
  if (at == members_.end() || at->second.named) return std::nullopt;
  return Newborn{pid, at->second.birth};
}

std::optional<ProcessKey> Kin::Name(const Newborn& newborn, const ProcessKey& key) {
  const auto at = members_.find(newborn.pid);
  if (at == members_.end() || at->second.birth != newborn.birth || at->second.named)
    return std::nullopt;
  at->second.named = true;
  return std::exchange(at->second.key, key);
}

std::optional<ProcessKey> Kin::Find(pid_t pid) const {
  const auto at = members_.find(pid);
  if (at == members_.end() || !at->second.named) return std::nullopt;
  return at->second.key;
}

std::optional<ProcessKey> Kin::After(pid_t pid) const {
  const auto named = [](const auto& member) { return member.second.named; };
  const auto from = members_.upper_bound(pid);
  auto at = std::find_if(from, members_.end(), named);
  if (at == members_.end()) at = std::find_if(members_.begin(), from, named);
  if (at == members_.end() || !at->second.named) return std::nullopt;
  return at->second.key;
}

void Kin::ForgetNewborns() {
  newborns_.clear();
  std::erase_if(members_, [](const auto& member) { return !member.second.named; });
}

void Kin::Purge(const std::function<bool(pid_t)>& lives) {
  std::erase_if(members_, [&](const auto& member) { return !lives(member.first); });
}

}  // namespace surety
