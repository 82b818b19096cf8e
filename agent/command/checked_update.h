#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "agent/issuance/certificate_view.h"
#include "surety/result.h"
#include "surety/secret_bytes.h"
#include "surety/spiffe_id.h"
#include "surety/workload_client.h"

namespace surety {

/// One identity whose parts are known to belong together.
struct CheckedSvid {
  SpiffeId id;
  std::string hint;
  CertificateView leaf;
  std::vector<std::string> chain_der;  ///< Leaf first.
  SecretBytes key_der;                 ///< Of the leaf.
  std::vector<std::string> bundle_der;
};

/// One message of the Workload API that may be used.
struct CheckedUpdate {
  std::vector<CheckedSvid> svids;  ///< Not empty; the default identity first.
  std::map<TrustDomain, std::vector<std::string>> federated;  ///< DER authorities.
  std::vector<std::string> crls;                              ///< DER, not looked into.
};

/// Checks what a client must before it uses a message: there is an SVID; its id
/// is a valid SPIFFE ID with a path and the leaf's only URI; the key is the
/// leaf's; every bundle is DER and belongs to another trust domain than the
/// SVIDs (SPIFFE_Workload_API.md section 5.2.1, X509-SVID.md section 5.2).
/// Signatures and dates are for whoever verifies a peer, and are not looked at.
/// kDataLoss names the SVID or bundle and what is wrong with it.
Result<CheckedUpdate> CheckUpdate(WorkloadUpdate update);

}  // namespace surety
