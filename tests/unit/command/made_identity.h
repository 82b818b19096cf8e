#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "surety/clock.h"
#include "surety/secret_bytes.h"
#include "surety/workload_client.h"

namespace surety {

/// What a made-up certificate says.
struct MadeSpec {
  std::string spiffe_id = "spiffe://example.org/web";
  std::vector<std::string> more_uris{};
  std::vector<std::string> dns_names{};
  std::string common_name{};
  std::uint32_t serial = 0x5fab01;
  WallTime not_before = WallTime(Seconds(1'767'225'600));  // 2026-01-01T00:00:00Z
  WallTime not_after = WallTime(Seconds(1'767'226'500));   // 15 minutes later
  std::string key_type = "P-256";                          // or "RSA", "ED25519"
};

/// A self-signed certificate and its key, made by OpenSSL.
struct MadeIdentity {
  std::string certificate_der;
  std::vector<std::uint8_t> key_der;  // PKCS#8
};

MadeIdentity MakeIdentity(const MadeSpec& spec = {});

/// As a daemon would deliver it, with itself as the bundle.
DeliveredSvid DeliveredOf(const MadeIdentity& identity, const std::string& spiffe_id,
                          const std::string& hint = "");

/// An update with one SVID of this spec.
WorkloadUpdate UpdateOf(const MadeSpec& spec = {});

}  // namespace surety
