#pragma once

#include <openssl/x509.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/issuance/openssl_handles.h"
#include "agent/issuance/signed_crl.h"
#include "surety/issuer.h"
#include "surety/sanction.h"

namespace surety {

using CrlPtr = std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>>;

/// Reads a DER CRL that fills `der`.
CrlPtr ParseCrl(std::string_view der);

std::uint64_t NumberOf(const X509_CRL& crl);
WallTime ThisUpdateOf(const X509_CRL& crl);
WallTime NextUpdateOf(const X509_CRL& crl);
int EntriesOf(X509_CRL& crl);
/// Lower-case hex.
std::string IssuerKeyIdOf(const X509_CRL& crl);

/// The SVID as it is revoked at that time.
Revocation Revoke(const X509Svid& svid, WallTime at,
                  RevocationReason reason = RevocationReason::kPrivilegeWithdrawn);

/// Whether the CRL names the SVID's serial.
bool Names(std::string_view crl, const X509Svid& svid);

/// Empty if a peer that asks for CRLs would take the chain (leaf first) at that
/// time: X509_verify_cert with X509_V_FLAG_CRL_CHECK, and of everything in the
/// chain if `whole_chain` (X509_V_FLAG_CRL_CHECK_ALL). Else the reason.
std::string WhyRefusedWithCrls(const std::vector<std::string>& chain,
                               const std::vector<std::string>& roots,
                               const std::vector<std::string>& crls, WallTime at,
                               bool whole_chain = false);

inline const std::string kRevoked = "certificate revoked";
inline const std::string kNoCrl = "unable to get certificate CRL";

}  // namespace surety
