#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "surety/result.h"

namespace surety {

/// Where an authority stands in its life. docs/decisions/004-ca-life-cycle.md.
enum class Phase {
  kPrepared,  ///< In the bundle, signs nothing yet.
  kActive,    ///< Signs.
  kRetired,   ///< Signs no more; in the bundle as long as what it signed may live.
};
std::string_view NameOf(Phase phase);
/// The phase of this name; nullopt for any other text.
std::optional<Phase> PhaseNamed(std::string_view name);

/// What the folder's certificates do not say by themselves: manifest.json.
struct Manifest {
  struct Item {
    std::string serial;  ///< Lower-case hex; its file is <serial>.pem.
    Phase phase = Phase::kPrepared;
    bool operator==(const Item&) const = default;
  };
  std::string trust_domain;
  std::uint64_t bundle_revision = 0;
  /// Lower-case hex SHA-256 of the certificates published under that revision.
  std::vector<std::string> published;
  std::vector<Item> authorities;
  bool operator==(const Manifest&) const = default;
};

/// Reads at most kLargestManifest bytes. kDataLoss says what is wrong: not JSON,
/// another version, a missing or unknown key, a serial that is none or stands
/// twice, two active authorities.
Result<Manifest> ParseManifest(std::string_view text);
inline constexpr std::size_t kLargestManifest = 65'536;

/// The text that ParseManifest() reads back as the same manifest.
std::string PrintManifest(const Manifest& manifest);

}  // namespace surety
