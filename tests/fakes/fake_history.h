#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "surety/standing.h"

namespace surety::fakes {

/// Says what the test last put into `standing`, and keeps what it is told. What is
/// counted shows in the velocity of later looks, and never leaves it. Thread-safe
/// but for what the test itself touches.
class FakeHistory final : public History {
 public:
  Result<Standing> Look(const Peer& peer, Moment /*now*/) override {
    if (before) before(peer);
    const std::lock_guard lock(mutex_);
    ++looks;
    if (broken) return Error(ErrorCode::kUnavailable, "cannot tell the lineage");
    Standing told = standing;
    if (told.lineage.id.empty()) told.lineage.id = "unit:/system.slice/test.service";
    if (told.lineage_now.id.empty()) told.lineage_now = told.lineage;
    told.of_lineage.svids += of_lineage_.svids;
    told.of_lineage.streams += of_lineage_.streams;
    told.of_lineage.refusals += of_lineage_.refusals;
    told.of_lineage.spiffe_ids += static_cast<std::uint32_t>(spiffe_ids_.size());
    return told;
  }
  void Count(const Standing& /*standing*/, const ProcessKey& process, Happening what,
             std::string_view spiffe_id, Moment /*now*/) override {
    const std::lock_guard lock(mutex_);
    counted.push_back({process, what, std::string(spiffe_id)});
    if (what == Happening::kSvid) ++of_lineage_.svids;
    if (what == Happening::kStream) ++of_lineage_.streams;
    if (what == Happening::kRefusal) ++of_lineage_.refusals;
    if (!spiffe_id.empty()) spiffe_ids_.emplace(spiffe_id);
  }
  void Suspect(const std::string& lineage, std::string_view signal, Moment /*now*/) override {
    const std::lock_guard lock(mutex_);
    suspected.emplace_back(lineage, signal);
  }

  struct Counted {
    ProcessKey process;
    Happening what;
    std::string spiffe_id;
  };
  Standing standing;
  bool broken = false;
  std::function<void(const Peer&)> before;
  int looks = 0;
  std::vector<Counted> counted;
  std::vector<std::pair<std::string, std::string>> suspected;

 private:
  std::mutex mutex_;
  Velocity of_lineage_;
  std::set<std::string> spiffe_ids_;
};

}  // namespace surety::fakes
