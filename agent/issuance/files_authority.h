#pragma once

#include <memory>
#include <string>

#include "agent/issuance/authority.h"
#include "agent/issuance/disk_writes.h"
#include "agent/issuance/operator_files.h"
#include "surety/spiffe_id.h"

namespace surety {

struct FilesOptions {
  TrustDomain trust_domain;
  std::string state_dir;  ///< For counting the bundle's revisions across restarts.
  CaPaths files;
  std::string source = "files";  ///< What AuthorityStatus says.
  Seconds clock_skew{10};
  Seconds max_svid_ttl{900};
};

/// Opens an authority from an operator's files (operator_files.h). Reload()
/// reads them again: what was signed by the CA before verifies from then on only
/// if its root still stands in the files, so a change of root begins with both
/// roots in the chain file. Rotation is the operator's: Degraded() says when the
/// CA comes to its end. CrlSigners() has the CA from before as well, as long as
/// its SVIDs verify and until the daemon ends: after a restart nothing that it
/// signed can be revoked. An authority that was embedded in the same `state_dir`
/// before stays there untouched, out of use.
///
/// A key in a token (CaPaths::open_key) may be away, also at the start: nothing is issued
/// then (kUnavailable), Degraded() says why, and Advance() tells when it answers. A CA from
/// before is in CrlSigners() only if its key is in memory.
///
/// Errors as OpenEmbedded(), and those of ReadOperatorCa().
Result<std::unique_ptr<Authority>> OpenFromFiles(FilesOptions options, Moment now);

}  // namespace surety
