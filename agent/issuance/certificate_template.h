#pragma once

#include <span>
#include <string>
#include <string_view>

#include "surety/clock.h"

namespace surety {

/// What one leaf certificate differs in from every other. Borrowed.
struct LeafFields {
  std::string_view serial;         ///< Big-endian, positive (RFC 5280 section 4.1.2.2).
  std::string_view algorithm;      ///< DER AlgorithmIdentifier of the signer's signature.
  std::string_view issuer;         ///< DER Name: the signer's subject, byte for byte.
  std::string_view issuer_key_id;  ///< The signer's subject key id, raw.
  WallTime not_before;
  WallTime not_after;
  std::string_view public_point;  ///< 65 bytes: P-256, uncompressed.
  std::string_view spiffe_id;
  std::span<const std::string> dns_names;
};

/// The TBSCertificate (RFC 5280 section 4.1.2) of an X509-SVID as X509-SVID.md
/// sections 2 to 4 demand it: an empty Subject, and therefore a critical SAN,
/// holding the SPIFFE ID as its only URI, and then the DNS names; not a CA;
/// digitalSignature alone; server and client authentication.
std::string LeafToBeSigned(const LeafFields& fields);

/// What one self-signed P-256 authority differs in from every other. Borrowed.
struct RootFields {
  std::string_view serial;
  std::string_view trust_domain;     ///< Bare name.
  std::string_view trust_domain_id;  ///< "spiffe://" and the name.
  WallTime not_before;
  WallTime not_after;
  std::string_view public_point;
};

/// The TBSCertificate of our own authority: a CA for leaves only (pathLen 0),
/// keyCertSign and cRLSign, and the trust domain's ID as its URI SAN. The serial
/// number stands in the Subject too, so that no two authorities of one trust
/// domain have the same name and chains can only be built one way.
std::string RootToBeSigned(const RootFields& fields);

/// The whole certificate from its signed part and the signature over it.
std::string Certificate(std::string_view to_be_signed, std::string_view algorithm,
                        std::string_view signature);

/// The key identifier of a public key (RFC 7093 section 2, method 1): the first
/// 20 bytes of the SHA-256 of the BIT STRING's octets, raw.
std::string KeyIdOf(std::string_view public_key_bits);

/// DER AlgorithmIdentifiers of the signatures we make (RFC 5758, RFC 4055).
extern const std::string_view kEcdsaSha256;
extern const std::string_view kEcdsaSha384;
extern const std::string_view kRsaSha256;

}  // namespace surety
