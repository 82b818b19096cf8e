#pragma once

#include <string>
#include <string_view>

#include "surety/bundle.h"
#include "surety/clock.h"
#include "surety/result.h"
#include "surety/token.h"

namespace surety {

/// The bundle of our own trust domain as a SPIFFE bundle document, which peers in other
/// trust domains load (SPIFFE_Trust_Domain_and_Bundle.md section 4): JSON, with a line's
/// end; with the keys of `wits`, if there are any, beside those of `tokens`.
/// `spiffe_sequence` rises with every change of its keys; `refresh_hint` says how
/// often to look for one. The errors are those of JwkOfCertificate().
Result<std::string> WriteBundleDocument(const BundleSet& x509, const TokenBundles& tokens,
                                        Seconds refresh_hint, const TokenBundles* wits = nullptr);

/// A SPIFFE bundle document of the CA certificates in `pem`, without a sequence. kInvalidArgument:
/// there is none, or something that is no CA certificate; kResourceExhausted: more than 200.
Result<std::string> BundleDocumentOfPem(std::string_view pem);

/// How often peers are to look: five times while a new key is in the bundle and does not
/// sign yet (SPIFFE_Federation.md section 4.1), which is a sixth of the shortest life of a
/// key; five minutes at the most.
Seconds RefreshHintFor(Seconds shortest_life);

}  // namespace surety
