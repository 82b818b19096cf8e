#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "agent/federation/bundle_reader.h"
#include "surety/clock.h"
#include "surety/result.h"
#include "surety/spiffe_id.h"

namespace surety {

/// Where a bundle is asked for, and who must answer.
struct EndpointRequest {
  /// Of the profile https_spiffe: a server with exactly this SPIFFE ID.
  struct Server {
    SpiffeId id;
    std::vector<std::string> authorities;  ///< Of its trust domain; DER.
  };
  std::string url;               ///< CheckHttpsUrl() lets it pass.
  std::optional<Server> server;  ///< Absent: https_web, a server whose name is in the URL.
  std::string ca_file = {};      ///< https_web: who vouches for it; empty: whom the system trusts.
};

struct EndpointLimits {
  std::chrono::milliseconds timeout{10'000};  ///< For all of it.
  std::size_t max_bytes = kMostBundleDocumentBytes;
  int redirects = 5;
};

/// Fetches the document at a bundle endpoint (SPIFFE_Federation.md section 5.2) by a GET over
/// a connection of its own, with TLS 1.2 or newer, through no proxy. Redirects are followed to
/// URLs that CheckHttpsUrl() lets pass, and whoever answers there must prove to be the same.
/// `now` is the time at which certificates must be valid. Blocks; for threads of their own.
///
/// Errors: kPermissionDenied: the server is another one, or cannot prove to be the right one;
/// kDeadline: no whole answer in time; kResourceExhausted: too long an answer, or too many
/// redirects; kInvalidArgument: a redirect to what is no endpoint; kUnavailable: all else.
Result<std::string> FetchBundleDocument(const EndpointRequest& request, WallTime now,
                                        const EndpointLimits& limits, const std::stop_token& stop);

}  // namespace surety
