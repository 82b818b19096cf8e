#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/issuance/signer.h"
#include "surety/spiffe_id.h"

namespace surety {

/// Where an operator keeps a CA, as PEM.
struct CaPaths {
  std::string cert;  ///< The certificate that signs; others of its chain may follow.
  /// Its private key, unencrypted: PKCS#8, SEC 1 or PKCS#1; or the name of the key that
  /// `open_key` gives.
  std::string key;
  /// From the certificate's issuer upwards, roots included, and any further root
  /// to be trusted (of the CA before, say); empty if the CA is a root.
  std::string chain;
  /// The key is one of systemd's credentials: where an access control list lets our user
  /// read it, the mask of that list stands in the place of the group's permissions.
  bool key_is_credential = false;
  OutsideKeyOpener open_key{};  ///< Empty: the key is in its file.
};

/// A CA that has been found fit.
struct OperatorCa {
  std::shared_ptr<const Signer> signer;
  std::vector<std::string> roots;  ///< DER; the bundle. Sorted, none twice.
  /// Why a key that is kept elsewhere does not answer, if so: nothing was signed to try it.
  std::optional<Error> silent{};
};

/// Reads and judges an operator's CA as it is at `now`. Refused, with file and
/// reason: a key that others than root or we can read, or that belongs to
/// another certificate; a certificate that is no CA, may not sign certificates,
/// is not valid now, or carries another URI than the trust domain's ID
/// (X509-SVID.md section 3.2); a chain without a root, or one under which an
/// SVID of this trust domain would not verify (name constraints, path length),
/// which is tried with a certificate that is thrown away. An OutsideKey that does not
/// answer is no reason to refuse; one that is another key than the certificate's is.
Result<OperatorCa> ReadOperatorCa(const CaPaths& paths, const TrustDomain& trust_domain,
                                  WallTime now);

}  // namespace surety
