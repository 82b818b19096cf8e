#include "agent/command/update_changes.h"

#include <algorithm>
#include <set>

namespace surety {
namespace {

std::multiset<std::string> IdsOf(const SeenUpdate& update) {
  std::multiset<std::string> ids;
  for (const auto& [id, serial] : update.svids) ids.insert(id);
  return ids;
}

// An identity that was there before has another serial now.
bool Rotated(const SeenUpdate& before, const SeenUpdate& now) {
  const auto ids = IdsOf(before);
  return std::any_of(now.svids.begin(), now.svids.end(), [&](const auto& svid) {
    const bool same =
        std::find(before.svids.begin(), before.svids.end(), svid) != before.svids.end();
    return ids.contains(svid.first) && !same;
  });
}

}  // namespace

SeenUpdate SeenOf(const CheckedUpdate& update) {
  SeenUpdate seen;
  for (const CheckedSvid& svid : update.svids) {
    seen.svids.emplace_back(svid.id.Text(), svid.leaf.serial);
    seen.bundles.emplace(svid.id.trust_domain(), svid.bundle_der);
  }
  seen.federated = update.federated;
  seen.crls = update.crls;
  return seen;
}

std::vector<std::string_view> ChangesBetween(const SeenUpdate& before, const SeenUpdate& now) {
  const auto was = IdsOf(before);
  const auto is = IdsOf(now);
  const bool all_kept = std::includes(is.begin(), is.end(), was.begin(), was.end());
  const bool none_new = std::includes(was.begin(), was.end(), is.begin(), is.end());
  const bool default_kept = !before.svids.empty() && !now.svids.empty() &&
                            before.svids.front().first == now.svids.front().first;
  std::vector<std::string_view> changes;
  if (!none_new) changes.emplace_back("identity_added");
  if (!all_kept) changes.emplace_back("identity_removed");
  if (!default_kept) changes.emplace_back("default_changed");
  if (Rotated(before, now)) changes.emplace_back("rotated");
  if (before.bundles != now.bundles) changes.emplace_back("bundle_changed");
  if (before.federated != now.federated) changes.emplace_back("federation_changed");
  if (before.crls != now.crls) changes.emplace_back("crl_changed");
  return changes;
}

}  // namespace surety
