#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/issuance/der_writer.h"
#include "surety/clock.h"
#include "surety/sanction.h"

namespace surety {

/// The lines of one CRL's revokedCertificates (RFC 5280 section 5.1.2.6), in the
/// order they were added.
class CrlLines {
 public:
  /// `this_update` is that of the CRL: no line is dated after it, whatever the
  /// clock said when it was revoked.
  explicit CrlLines(WallTime this_update) : this_update_(this_update) {}

  /// The reason is left out if it is none that a CRL may give for a certificate
  /// that stays revoked (section 5.3.1). False, and nothing is added, for a serial
  /// that no certificate can have: not hexadecimal, zero, or above 20 bytes. A
  /// serial that was added just before is not added again.
  bool Add(const Revocation& revocation);

  [[nodiscard]] std::size_t count() const { return count_; }
  /// Concatenated DER.
  [[nodiscard]] const std::string& bytes() const { return out_.bytes(); }

 private:
  const WallTime this_update_;
  DerWriter out_;
  std::size_t count_ = 0;
  std::string last_;
};

/// What one CRL differs in from every other. Borrowed.
struct CrlFields {
  std::string_view algorithm;      ///< DER AlgorithmIdentifier of the signer's signature.
  std::string_view issuer;         ///< DER Name: the signer's subject, byte for byte.
  std::string_view issuer_key_id;  ///< The signer's subject key id, raw.
  std::uint64_t number;            ///< Rises with every CRL of the signer.
  WallTime this_update;
  WallTime next_update;
  std::string_view lines;  ///< As CrlLines has them; may be empty.
};

/// The TBSCertList (RFC 5280 section 5.1.2) of a complete CRL: version 2, with
/// the authority's key id and the CRL number, as section 5.2 demands.
std::string CrlToBeSigned(const CrlFields& fields);

}  // namespace surety
