#include "attestors/lineage_reader.h"

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include "attestors/ancestor_chains.h"
#include "attestors/cgroup_trees.h"
#include "attestors/linux_process.h"
#include "attestors/proc_text.h"

namespace surety {
namespace {

constexpr std::size_t kMaxCgroups = 256UL * 1024;
constexpr std::size_t kMostLogins = 4096;

std::vector<Ancestor> AncestorsIn(const std::vector<Link>& links) {
  const std::size_t own = std::min(CountOwn(links), kMostAncestors + 1);
  std::vector<Ancestor> out;
  out.reserve(own - 1);
  for (std::size_t i = 1; i < own; ++i) out.push_back({links[i].key, links[i].uid, links[i].name});
  return out;
}

std::string NameOfTop(const std::vector<Link>& links) {
  const ProcessKey& top = links[CountOwn(links) - 1].key;
  return "process:" + std::to_string(top.pid) + "." + std::to_string(top.start_ticks);
}

class KernelLineageReader final : public LineageReader {
 public:
  KernelLineageReader(RootMadePart root_made, std::shared_ptr<ProcessOpener> processes, pid_t self)
      : root_made_(std::move(root_made)), chains_(std::move(processes), self) {}

  Result<Lineage> Read(const ProcessHandle& process) const override {
    auto owner = ReadOwner(process);
    // Its cgroup was removed between two looks: then it is in another one.
    if (!owner && owner.error().code() == ErrorCode::kUnavailable) owner = ReadOwner(process);
    if (!owner) return owner.error();
    const auto chain = chains_.Read(process, *owner ? kMostAncestors + 1 : kLongestChain);
    if (!chain) return chain.error();
    auto lineage = *owner ? Lineage{(*owner)->id, (*owner)->kind, AncestorsIn((*chain)->links)}
                          : OfChain(**chain);
    if (!process.IsAlive())
      return Error(ErrorCode::kPeerGone,
                   "process " + std::to_string(process.key().pid) + " has exited");
    return lineage;
  }

 private:
  [[nodiscard]] Result<std::optional<CgroupOwner>> ReadOwner(const ProcessHandle& process) const {
    const auto text = process.ReadFile("cgroup", kMaxCgroups);
    if (!text) return text.error();
    const auto lines = ParseCgroups(*text);
    if (!lines) return lines.error();
    return FindCgroupOwner(*lines, root_made_);
  }

  [[nodiscard]] Result<Lineage> OfChain(const AncestorChains::Chain& chain) const {
    auto ancestors = AncestorsIn(chain.links);
    if (const auto login = TrustedLogin(chain))
      return Lineage{"login:" + std::to_string(*login), LineageKind::kLogin, std::move(ancestors)};
    if (!chain.whole)
      return Error(ErrorCode::kResourceExhausted,
                   "more than " + std::to_string(kLongestChain) +
                       " processes lie between this one and its topmost ancestor");
    return Lineage{NameOfTop(chain.links), LineageKind::kAncestor, std::move(ancestors)};
  }

  // A session stays root's when the program that began it has exited.
  [[nodiscard]] std::optional<std::uint32_t> TrustedLogin(
      const AncestorChains::Chain& chain) const {
    const auto login = chain.links.front().login;
    if (!login) return std::nullopt;
    const std::lock_guard lock(mutex_);
    if (logins_.contains(*login)) return login;
    if (!chain.whole || !FindLogin(chain.links)) return std::nullopt;
    if (logins_.size() >= kMostLogins) logins_.clear();
    logins_.insert(*login);
    return login;
  }

  const RootMadePart root_made_;
  // Caches: asking them does not change what is answered.
  mutable AncestorChains chains_;
  mutable std::mutex mutex_;
  mutable std::unordered_set<std::uint32_t> logins_;  // By mutex_: begun by root.
};

}  // namespace

std::unique_ptr<LineageReader> MakeLineageReader() {
  auto trees = std::make_shared<const CgroupTrees>(CgroupTrees::OfHost());
  return MakeLineageReader([trees](const CgroupLine& line) { return trees->RootMade(line); },
                           MakeLinuxProcessOpener(), ::getpid());
}

std::unique_ptr<LineageReader> MakeLineageReader(RootMadePart root_made,
                                                 std::shared_ptr<ProcessOpener> processes,
                                                 pid_t self) {
  return std::make_unique<KernelLineageReader>(std::move(root_made), std::move(processes), self);
}

std::string_view NameOf(LineageKind kind) {
  switch (kind) {
    case LineageKind::kContainer: return "container";
    case LineageKind::kUnit: return "unit";
    case LineageKind::kCgroup: return "cgroup";
    case LineageKind::kLogin: return "login";
    case LineageKind::kAncestor: return "process";
  }
  return "unknown";
}

}  // namespace surety
