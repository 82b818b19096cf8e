#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "surety/result.h"

namespace surety {

/// One registration entry as SPIRE has it (spire.api.types.Entry).
struct SpireEntry {
  std::string id;
  std::string trust_domain;            ///< Of its SPIFFE ID.
  std::string path;                    ///< Likewise.
  std::string parent;                  ///< The whole SPIFFE ID.
  std::vector<std::string> selectors;  ///< "type:value".
  std::int64_t x509_ttl = 0;           ///< Seconds; 0: the server's default.
  std::int64_t jwt_ttl = 0;
  std::vector<std::string> federates_with;
  std::string hint;
  std::vector<std::string> dns_names;
  bool admin = false;
  bool downstream = false;
  bool store_svid = false;
  std::int64_t expires_at = 0;       ///< Unix time; 0: never.
  std::vector<std::string> unknown;  ///< Names of fields that are set and not among these.
};

inline constexpr std::size_t kLargestSpireExport = std::size_t{16} << 20;
inline constexpr std::size_t kMostSpireEntries = 100'000;

/// Reads what `spire-server entry show -output json` prints: entry.v1.ListEntriesResponse
/// in protobuf's JSON, names as in the .proto files. Pure. kInvalidArgument says what is
/// wrong, and with which entry: no JSON, no list of entries, a field of another type, more
/// than kLargestSpireExport bytes or kMostSpireEntries entries.
Result<std::vector<SpireEntry>> ParseSpireExport(std::string_view text);

}  // namespace surety
