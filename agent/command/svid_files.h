#pragma once

#include <string>
#include <vector>

#include "agent/command/checked_update.h"
#include "agent/command/checked_wit.h"
#include "surety/result.h"

namespace surety {

struct WrittenFiles {
  std::vector<std::string> written;  ///< Names in the folder.
  std::vector<std::string> removed;
};

/// Writes an update as PEM files for programs that read files:
///
///   svid.pem  svid.key  bundle.pem          the default identity
///   svid.N.pem  svid.N.key  bundle.N.pem    the further ones, N from 1
///   federated.TRUSTDOMAIN.pem               one for each federated bundle
///
/// Keys are 0600 from the start, the rest 0644 less the umask. Files of these
/// names that the update does not hold are removed: what is absent has been
/// withdrawn (SPIFFE_Workload_API.md section 4.4). Errors: output_folder.h.
Result<WrittenFiles> WriteSvidFiles(const CheckedUpdate& update, const std::string& folder_path);

/// The same of WIT-SVIDs: wit.jwt and wit.jwk, the private key, of the default identity;
/// wit.N.jwt and wit.N.jwk of the further ones.
Result<WrittenFiles> WriteWitFiles(const std::vector<CheckedWit>& wits,
                                   const std::string& folder_path);

}  // namespace surety
