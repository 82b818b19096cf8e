#include "agent/daemon_bundle_map.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "agent/federation/bundle_map_file.h"
#include "agent/identity/file_stamp.h"

namespace surety {
namespace {

constexpr std::size_t kMostNamed = 20;

std::string Listed(const std::vector<std::string>& names) {
  if (names.empty()) return "none";
  std::string text;
  for (std::size_t at = 0; at < std::min(names.size(), kMostNamed); ++at)
    text += (at == 0 ? "" : " ") + names[at];
  if (names.size() > kMostNamed)
    text += " and " + std::to_string(names.size() - kMostNamed) + " more";
  return text;
}

}  // namespace

DaemonBundleMap::DaemonBundleMap(const Config& config, ForeignBundles& held, Note note,
                                 std::shared_ptr<spdlog::logger> logger)
    : file_(config.bundle_map),
      own_(config.trust_domain),
      held_(held),
      note_(std::move(note)),
      logger_(std::move(logger)) {
  for (const FederationConfig& each : config.federation) followed_.push_back(each.trust_domain);
}

Result<void> DaemonBundleMap::Start() { return Take(); }

void DaemonBundleMap::Tend() {
  if (FileStamp(file_) != stamp_) Reload();
}

void DaemonBundleMap::Reload() {
  const auto taken = Take();
  Failed(taken ? "" : taken.error().Text());
}

Result<void> DaemonBundleMap::Take() {
  // Before the file is read: what changes meanwhile is read the next time.
  stamp_ = FileStamp(file_);
  Diagnostics found;
  FileDiagnostics here(file_, found);
  auto map = ReadBundleMapFile(own_, followed_, here);
  if (!map) return Error(ErrorCode::kInvalidArgument, Summary(found));
  const std::size_t bundles = map->bundles.size();
  const auto outcome = held_.TakeMap(std::move(map->bundles));
  if (!outcome) return outcome.error().Within(file_);
  Tell(*outcome, bundles, map->has_own);
  return {};
}

void DaemonBundleMap::Tell(const ForeignBundles::MapOutcome& outcome, std::size_t bundles,
                           bool has_own) {
  for (const std::string& warning : outcome.warnings) logger_->warn("{}: {}", file_, warning);
  if (outcome.added.empty() && outcome.changed.empty() && outcome.withdrawn.empty()) return;
  logger_->info("the bundle map {} has bundles: {}{}; added: {}; changed: {}; withdrawn: {}", file_,
                bundles, has_own ? ", and our own, which is passed over" : "",
                Listed(outcome.added), Listed(outcome.changed), Listed(outcome.withdrawn));
  note_("bundle_map.loaded", NoticeSeverity::kHigh,
        {{"file", file_},
         {"bundles", std::to_string(bundles)},
         {"added", Listed(outcome.added)},
         {"changed", Listed(outcome.changed)},
         {"withdrawn", Listed(outcome.withdrawn)}});
}

void DaemonBundleMap::Failed(std::string why) {
  const std::lock_guard lock(mutex_);
  if (!why.empty() && why != failure_) {
    logger_->error("the bundle map is not taken, and the one before stays in force: {}", why);
    note_("bundle_map.refused", NoticeSeverity::kWarning, {{"file", file_}, {"why", why}});
  }
  failure_ = std::move(why);
}

std::vector<std::string> DaemonBundleMap::Degraded() const {
  const std::lock_guard lock(mutex_);
  if (failure_.empty()) return {};
  return {"the newest bundle map was not taken: " + failure_};
}

}  // namespace surety
