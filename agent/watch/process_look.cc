#include "agent/watch/process_look.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string_view>

namespace surety {
namespace {

constexpr std::array<std::string_view, 10> kNamespaces{"ns/mnt",
                                                       "ns/pid",
                                                       "ns/user",
                                                       "ns/net",
                                                       "ns/uts",
                                                       "ns/ipc",
                                                       "ns/time",
                                                       "ns/cgroup",
                                                       "ns/pid_for_children",
                                                       "ns/time_for_children"};

// 65,536 groups of ten digits, and the rest.
constexpr std::size_t kMaxStatus = std::size_t{1} << 20U;
constexpr std::size_t kMaxCgroups = std::size_t{64} << 10U;

// Whether something could be told: also "no such file" and "you may not".
bool Told(const Result<std::string>& text) {
  return text || text.error().code() == ErrorCode::kNotFound ||
         text.error().code() == ErrorCode::kPermissionDenied;
}

std::string TextOf(Result<std::string> text) { return text ? *std::move(text) : std::string(); }

// "mnt:[4026531840]"; 0 where there is no number.
std::uint64_t InodeOf(std::string_view link) {
  link.remove_prefix(std::min(link.size(), link.find('[') + 1));
  std::uint64_t inode = 0;
  std::from_chars(link.data(), link.data() + link.size(), inode);
  return inode;
}

// Gathers differences while the new takes the place of the old.
class Comparison {
 public:
  template <typename T>
  void Replace(T& known, T now, WakeReason reason) {
    if (known == now) return;
    known = std::move(now);
    found_ = found_ ? Worse(*found_, reason) : reason;
  }
  [[nodiscard]] std::optional<WakeReason> found() const { return found_; }

 private:
  std::optional<WakeReason> found_;
};

void CompareInfo(std::optional<PidfdInfo>& known, std::optional<PidfdInfo> now, Comparison& all) {
  if (!now) return;
  if (!known) known = now;
  all.Replace(known->users, now->users, WakeReason::kUser);
  all.Replace(known->groups, now->groups, WakeReason::kGroup);
  all.Replace(known->cgroup, now->cgroup, WakeReason::kMoved);
  all.Replace(known->parent, now->parent, WakeReason::kMoved);
}

void CompareCgroups(std::optional<std::string>& known, const ProcessHandle& process,
                    Comparison& all) {
  auto now = process.ReadFile("cgroup", kMaxCgroups);
  if (!Told(now)) return;
  auto text = TextOf(std::move(now));
  if (!known) known = text;
  all.Replace(*known, std::move(text), WakeReason::kMoved);
}

void CompareStatus(StatusDigest& known, const ProcessHandle& process, Comparison& all) {
  const auto text = process.ReadFile("status", kMaxStatus);
  if (!Told(text)) return;
  auto now = DigestOf(text ? std::string_view(*text) : std::string_view());
  all.Replace(known.users, std::move(now.users), WakeReason::kUser);
  all.Replace(known.groups, std::move(now.groups), WakeReason::kGroup);
  all.Replace(known.tracer, std::move(now.tracer), WakeReason::kTraced);
  all.Replace(known.session, std::move(now.session), WakeReason::kSession);
  all.Replace(known.powers, std::move(now.powers), WakeReason::kMoved);
}

void CompareNamespaces(std::array<std::uint64_t, 10>& known, const ProcessHandle& process,
                       Comparison& all) {
  for (std::size_t i = 0; i < kNamespaces.size(); ++i) {
    const auto link = process.ReadLink(kNamespaces.at(i));
    if (Told(link)) all.Replace(known.at(i), link ? InodeOf(*link) : 0, WakeReason::kMoved);
  }
}

}  // namespace

WakeReason Worse(WakeReason one, WakeReason other) { return std::min(one, other); }

std::optional<WakeReason> ProcessLook::Again(const ProcessHandle& process, LookPlan plan) {
  Comparison all;
  // First of all: what happens during the look counts as having run since.
  const auto cpu_time = ReadCpuTime(process.key().pid);
  const bool has_run = !cpu_time || cpu_time != cpu_time_;
  cpu_time_ = cpu_time;
  CompareInfo(info_, ReadPidfdInfo(process.pidfd()), all);
  if (plan.cgroup_text || !info_ || info_->cgroup == 0) CompareCgroups(cgroups_, process, all);
  if (has_run || plan.everything || plan.without_events) CompareStatus(status_, process, all);
  if (has_run || plan.everything) {
    CompareNamespaces(namespaces_, process, all);
    if (auto link = process.ReadLink("exe"); Told(link))
      all.Replace(executable_, TextOf(std::move(link)), WakeReason::kExec);
  }
  return all.found();
}

bool HasOldCgroups() {
  std::ifstream file("/proc/self/cgroup");
  std::string line;
  while (std::getline(file, line))
    if (!line.starts_with("0::")) return true;
  return false;
}

}  // namespace surety
