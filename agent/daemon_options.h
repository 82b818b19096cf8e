#pragma once

#include <cstdint>
#include <memory>

#include "agent/config.h"
#include "agent/issuance/authority.h"
#include "agent/issuance/jwt_authority.h"
#include "agent/passed_sockets.h"
#include "agent/policy/churn_limiter.h"
#include "agent/policy/policy_engine.h"
#include "agent/watch/process_watcher.h"
#include "workload_api/api_server.h"

namespace surety {

// What a configuration means to each part of the daemon.

PolicySettings PolicySettingsOf(const Config& config);

/// Opens, or makes, the authority that the configuration names.
Result<std::unique_ptr<Authority>> AuthorityOf(const Config& config, Moment now);

JwtAuthorityOptions JwtOptionsOf(const Config& config);
JwtAuthorityOptions WitOptionsOf(const Config& config);
ChurnLimiter::Limits ChurnLimitsOf(const LimitsConfig& config);

/// `open_files` is how many descriptors the daemon may have.
ApiOptions ApiOptionsOf(const Config& config, const PassedSockets& passed,
                        std::uint64_t open_files);
WatchOptions WatchOptionsOf(const Config& config, std::uint64_t open_files);

}  // namespace surety
