#include "agent/metrics/known_labels.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace surety {
namespace {

constexpr std::string_view kOther = "other";

constexpr std::array<std::string_view, 36> kReasons{
    "audience_not_listed", "drift.capability",    "drift.cgroup",     "drift.container",
    "drift.environment",   "drift.executable",    "drift.label",      "drift.namespace",
    "drift.other",         "drift.user",          "entry_matched",    "env.preload",
    "exe.deleted",         "exe.memfd",           "exe.replaced",     "facts_missing",
    "gain.capability",     "gain.root",           "hook.challenge",   "hook.refuse",
    "hook.unavailable",    "hook.undecided",      "lineage.left",     "no_entry",
    "not_permitted",       "policy_error",        "policy_missing",   "quarantined",
    "risk.critical",       "risk.high",           "starting",         "traced",
    "traced.by_root",      "velocity.identities", "velocity.lineage", "velocity.refusals"};

constexpr std::array<std::string_view, 39> kNotices{"admin.refused",
                                                    "answers.repeated",
                                                    "audit.broken",
                                                    "audit.gap",
                                                    "audit.pruned",
                                                    "audit.sync_failed",
                                                    "audit.torn",
                                                    "audit.touched",
                                                    "clock.set",
                                                    "connection.flooded",
                                                    "connection.shared",
                                                    "connection.stolen",
                                                    "daemon.died",
                                                    "daemon.started",
                                                    "daemon.stopped",
                                                    "entries.loaded",
                                                    "endpoint.certificate",
                                                    "endpoint.failed",
                                                    "endpoint.svid",
                                                    "entries.refused",
                                                    "federation.ended",
                                                    "federation.failed",
                                                    "federation.followed",
                                                    "hook.answers",
                                                    "hook.failed",
                                                    "mode.monitor",
                                                    "plugin.answers",
                                                    "plugin.failed",
                                                    "policy.loaded",
                                                    "policy.monitor",
                                                    "policy.refused",
                                                    "policy.removed",
                                                    "policy.weaker",
                                                    "quarantine.added",
                                                    "quarantine.expired",
                                                    "quarantine.released",
                                                    "revoked",
                                                    "revoked.exit",
                                                    "watch.lost"};

}  // namespace

KnownLabels::KnownLabels(std::vector<std::string> values) : values_(std::move(values)) {
  std::ranges::sort(values_);
  values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
  std::erase(values_, kOther);
  values_.emplace_back(kOther);
}

std::size_t KnownLabels::IndexOf(std::string_view value) const {
  const auto other = std::prev(values_.end());
  const auto at = std::lower_bound(values_.begin(), other, value);
  return static_cast<std::size_t>((at != other && *at == value ? at : other) - values_.begin());
}

std::span<const std::string_view> KnownReasons() { return kReasons; }

std::span<const std::string_view> KnownNotices() { return kNotices; }

}  // namespace surety
