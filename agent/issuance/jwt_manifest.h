#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/issuance/manifest.h"
#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// What the files of the keys that sign tokens do not say by themselves.
struct JwtManifest {
  struct Item {
    std::string key_id;  ///< Its file is <key_id>.pem.
    Phase phase = Phase::kPrepared;
    WallTime not_before;  ///< Whole seconds.
    WallTime not_after;
    bool published = false;  ///< In the bundle of `revision`.
    bool operator==(const Item&) const = default;
  };
  std::string trust_domain;
  std::uint64_t revision = 0;  ///< Of the bundle.
  std::vector<Item> keys;
  bool operator==(const JwtManifest&) const = default;
};

/// Reads at most kLargestManifest bytes. kDataLoss says what is wrong: not JSON, another
/// version, a missing or unknown key, a name that is none or stands twice, two active keys.
Result<JwtManifest> ParseJwtManifest(std::string_view text);

/// The text that ParseJwtManifest() reads back as the same manifest.
std::string PrintJwtManifest(const JwtManifest& manifest);

}  // namespace surety
