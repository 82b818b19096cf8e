#include "attestors/ancestor_chains.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "attestors/link_look.h"

namespace surety {
namespace {

using Chain = AncestorChains::Chain;
using Keys = std::unordered_set<ProcessKey>;

// Of all remembered chains together: some megabytes at most.
constexpr std::size_t kMostLinks = 32UL * 1024;
constexpr std::size_t kMostOfOurs = 64;

// One reading of a chain from the bottom upwards.
class Climb {
 public:
  Climb(const ProcessHandle& process, ProcessOpener& processes, const Keys& ends)
      : process_(process), processes_(processes), ends_(ends) {}

  Result<Chain> Run(std::size_t most) {
    auto first = LookAtLink(process_);
    if (!first) return first.error();
    chain_.links.push_back(*std::move(first));
    while (!chain_.whole && chain_.links.size() < most) {
      const auto step = Step();
      if (!step) return step.error();
      if (*step) continue;
      if (const auto again = LookAgain(); !again) return again.error();
    }
    return std::move(chain_);
  }

 private:
  // The process of the highest link.
  [[nodiscard]] const ProcessHandle& Top() const {
    return handles_.empty() ? process_ : *handles_.back();
  }

  // Goes one up, or sees that there is nothing above. False: something moved.
  Result<bool> Step() {
    const pid_t parent = chain_.links.back().parent;
    if (parent <= 1) return chain_.whole = true;
    auto above = processes_.OpenByPid(parent);
    if (!above) {
      switch (above.error().code()) {
        case ErrorCode::kPeerGone: return false;
        case ErrorCode::kUnavailable: return chain_.whole = true;  // Not to be seen from here.
        default: return above.error();
      }
    }
    if (ends_.contains((*above)->key())) return chain_.whole = true;
    auto link = LookAtLink(**above);
    if (!link && link.error().code() != ErrorCode::kPeerGone) return link.error();
    // Only now is it sure that this was the parent while it was looked at.
    const auto still = ParentOf(Top());
    const bool steady = link && still && *still == parent &&
                        link->key.start_ticks <= chain_.links.back().key.start_ticks;
    if (!steady) return false;
    chain_.links.push_back(*std::move(link));
    handles_.push_back(*std::move(above));
    return true;
  }

  // The highest link afresh; if it has exited, the one below it.
  Result<void> LookAgain() {
    if (++tries_ > kTries)
      return Error(ErrorCode::kUnavailable, "the parents of process " +
                                                std::to_string(process_.key().pid) +
                                                " change faster than they can be read");
    auto link = LookAtLink(Top());
    if (link && Top().IsAlive()) {
      chain_.links.back() = *std::move(link);
      return {};
    }
    if (link || link.error().code() == ErrorCode::kPeerGone) {
      if (handles_.empty()) return Error(ErrorCode::kPeerGone, "the process has exited");
      handles_.pop_back();
      chain_.links.pop_back();
      return LookAgain();
    }
    return link.error();
  }

  static constexpr int kTries = 100;
  const ProcessHandle& process_;
  ProcessOpener& processes_;
  const Keys& ends_;
  Chain chain_;
  std::vector<std::shared_ptr<const ProcessHandle>> handles_;  // Of all links but the first.
  int tries_ = 0;
};

bool IsUnchangedChain(const ProcessHandle& process, const Chain& chain) {
  if (!IsUnchanged(process, chain.links.front())) return false;
  return std::all_of(chain.links.begin() + 1, chain.links.end(),
                     [](const Link& link) { return IsUnchanged(link); });
}

}  // namespace

AncestorChains::AncestorChains(std::shared_ptr<ProcessOpener> processes, pid_t self)
    : processes_(std::move(processes)), self_(self) {
  [[maybe_unused]] const auto read = OwnAncestors();
}

Result<std::shared_ptr<const Chain>> AncestorChains::Read(const ProcessHandle& process,
                                                          std::size_t most) {
  if (auto known = FindUnchanged(process, most)) return known;
  const auto own = OwnAncestors();
  if (!own) return own.error().Within("reading the daemon's own ancestors");
  auto chain = Climb(process, *processes_, **own).Run(most);
  if (!chain) return chain.error();
  auto shared = std::make_shared<const Chain>(*std::move(chain));
  const std::lock_guard lock(mutex_);
  if (links_ >= kMostLinks) ForgetAll();
  links_ += shared->links.size();
  chains_.insert_or_assign(process.key(), shared);
  return shared;
}

std::shared_ptr<const Chain> AncestorChains::FindUnchanged(const ProcessHandle& process,
                                                           std::size_t most) {
  std::shared_ptr<const Chain> known;
  {
    const std::lock_guard lock(mutex_);
    if (::getppid() != own_parent_) return nullptr;
    const auto at = chains_.find(process.key());
    if (at == chains_.end()) return nullptr;
    known = at->second;
  }
  const bool enough = known->whole || known->links.size() >= most;
  return enough && IsUnchangedChain(process, *known) ? known : nullptr;
}

void AncestorChains::ForgetAll() {
  chains_.clear();
  links_ = 0;
}

Result<std::shared_ptr<const Keys>> AncestorChains::OwnAncestors() {
  const std::lock_guard lock(mutex_);
  const pid_t parent = ::getppid();
  if (own_ && parent == own_parent_) return own_;
  const auto self = processes_->OpenByPid(self_);
  const auto chain = self ? Climb(**self, *processes_, {}).Run(kMostOfOurs) : self.error();
  if (!chain) return chain.error();
  auto keys = std::make_shared<Keys>();
  for (const auto& link : chain->links) keys->insert(link.key);
  own_ = std::move(keys);
  own_parent_ = parent;
  ForgetAll();
  return own_;
}

}  // namespace surety
