#pragma once

#include <memory>
#include <string>

#include "agent/issuance/authority.h"
#include "agent/issuance/disk_writes.h"
#include "agent/issuance/life_cycle.h"
#include "surety/spiffe_id.h"

namespace surety {

struct EmbeddedOptions {
  TrustDomain trust_domain;
  std::string state_dir;  ///< The authority lives in its subfolder "authority".
  LifeCycleTimes times;
};

/// Opens the authority in `state_dir`, making one at the first start, and does
/// what is due, so that it can sign on return. Its life: life_cycle.h and
/// docs/decisions/004-ca-life-cycle.md; its folder: authority_folder.h.
///
/// kInvalidArgument: the times do not fit together, or the folder belongs to
/// another trust domain. kPermissionDenied: the folder's owner or mode.
/// kAlreadyExists: another daemon uses it. kDataLoss: a file in it is damaged.
/// kUnavailable: the disk. Each says what to do.
Result<std::unique_ptr<Authority>> OpenEmbedded(EmbeddedOptions options, Moment now);

/// The same, writing through `disk`, which outlives the authority: for tests.
Result<std::unique_ptr<Authority>> OpenEmbedded(EmbeddedOptions options, Moment now,
                                                DiskWrites& disk);

}  // namespace surety
