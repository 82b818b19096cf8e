#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/issuance/jwt_verifier.h"
#include "surety/clock.h"
#include "surety/result.h"
#include "surety/spiffe_id.h"

namespace surety {

/// The bundle of another trust domain. Never changes once it is shared.
struct ForeignBundle {
  TrustDomain trust_domain;
  std::vector<std::string> x509_authorities;  ///< DER, in the document's order, each once.
  /// A JWK Set (RFC 7517) of the keys for JWT-SVIDs and no others, public halves alone.
  std::string jwt_keys;
  std::shared_ptr<const JwtKeys> jwt_key_ring;  ///< The same keys, to verify with; not null.
  std::string wit_keys{};                   ///< Likewise for WIT-SVIDs; empty if there are none.
  std::optional<std::uint64_t> sequence{};  ///< `spiffe_sequence`.
  Seconds refresh_hint{300};                ///< How often to look for a newer one.
  std::string document;                     ///< As it was read.
  /// Why keys of it are not used, a sentence each; at most 20.
  std::vector<std::string> ignored{};
  bool in_map = false;  ///< A bundle map brings it: it is in no file of its own.

  /// Whether both say the same about whom to believe.
  [[nodiscard]] bool TrustsTheSameAs(const ForeignBundle& other) const {
    return x509_authorities == other.x509_authorities && jwt_keys == other.jwt_keys &&
           wit_keys == other.wit_keys;
  }
};

inline constexpr std::size_t kMostBundleDocumentBytes = 1'048'576;
/// Of all certificates of one bundle, and of all its keys for tokens: several bundles
/// have room in one message, of which clients take 4 MiB.
inline constexpr std::size_t kMostBundleKeyBytes = 65'536;
/// Between which a `spiffe_refresh_hint` is believed.
inline constexpr Seconds kShortestRefreshHint{1};
inline constexpr Seconds kLongestRefreshHint{86'400};

/// Reads a SPIFFE bundle document (SPIFFE_Trust_Domain_and_Bundle.md section 4) as that of
/// `trust_domain`, which the document itself does not name. A key of an unknown type or
/// use, and one that cannot be used, is passed over (sections 4.1.3 and 4.2) and told of in
/// `ignored`: what is trusted may become less by that, never more. A document with no
/// usable key is a bundle too: nothing of that trust domain is trusted.
/// kInvalidArgument: no JSON, a name that stands twice, no `keys`, a `spiffe_sequence` that
/// is no 64-bit number. kResourceExhausted: too large. `document` is foreign bytes.
Result<ForeignBundle> ReadBundleDocument(const TrustDomain& trust_domain,
                                         std::string_view document);

}  // namespace surety
