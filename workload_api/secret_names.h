#pragma once

#include <compare>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "surety/result.h"

namespace surety {

/// Names of secrets that are no SPIFFE IDs, as SPIRE's agent has them.
struct SecretNames {
  std::string default_svid = "default";
  std::string default_bundle = "ROOTCA";
  std::string all_bundles = "ALL";
};

/// One secret that is asked for.
struct WantedSecret {
  enum class Kind {
    kDefaultSvid,  ///< The first of the caller's SVIDs.
    kSvid,         ///< The SVID whose SPIFFE ID is the name.
    kOwnBundle,    ///< What to trust of our own trust domain.
    kBundle,       ///< What to trust of the trust domain that is the name.
  };
  std::string name;
  Kind kind;

  auto operator<=>(const WantedSecret&) const = default;
};

/// What a stream of secrets asks for.
struct SecretDemand {
  std::vector<WantedSecret> wanted;  ///< In order, each once. Empty: all there are.

  /// Whether SVIDs are asked for, and not bundles alone.
  [[nodiscard]] bool WantsSvids() const;
  bool operator==(const SecretDemand&) const = default;
};

inline constexpr std::size_t kMostSecretNames = 64;
inline constexpr std::size_t kLongestSecretName = 2048;  ///< As a SPIFFE ID.

/// Reads the resource_names of a request; empty ones say nothing. kInvalidArgument for
/// too many, for one that is too long, and for one that nobody could have a right to.
Result<SecretDemand> ReadSecretDemand(std::span<const std::string> names, const SecretNames& known);

/// A text of a caller's for logs and errors: at most 256 bytes, others than printable
/// ASCII as '?'.
std::string BriefText(std::string_view text);

}  // namespace surety
