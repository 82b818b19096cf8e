#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/issuance/authority_folder.h"
#include "agent/issuance/manifest.h"
#include "agent/issuance/root_authority.h"
#include "surety/spiffe_id.h"

namespace surety {

/// One authority as it lies in the folder.
struct StoredAuthority {
  std::shared_ptr<const Signer> signer;
  Phase phase = Phase::kPrepared;
};

/// The authority's state on disk: one file <serial>.pem for each authority,
/// certificate and key together, and manifest.json, which says what they are for
/// and counts the bundle's revisions. A file is written before the manifest
/// names it and removed after the manifest has stopped to, so that whatever
/// instant the daemon dies at, everything named is there. Not thread-safe.
class AuthorityStore {
 public:
  /// Opens the folder (authority_folder.h) and reads the manifest; one of
  /// revision 0 with no authorities if the folder is new. kDataLoss, with what
  /// to do: a damaged manifest, one of another trust domain, or authorities
  /// without one.
  static Result<AuthorityStore> Open(const std::string& state_dir, const TrustDomain& trust_domain,
                                     DiskWrites& disk);

  /// Reads every authority. One that the manifest does not name, since the
  /// daemon died before it could be written or an older manifest was restored,
  /// is taken in: as prepared if it is younger than the active one and as
  /// retired if not. kDataLoss, with what to do, for a file that is missing or
  /// damaged: nothing is ever replaced by itself.
  Result<std::vector<StoredAuthority>> ReadAuthorities() const;

  [[nodiscard]] const Manifest& manifest() const { return manifest_; }

  /// Each is on the disk when it returns; on failure call it again.
  Result<void> WriteAuthority(const NewRoot& root);
  Result<void> WriteManifest(Manifest manifest);
  Result<void> RemoveAuthority(const std::string& serial);

 private:
  AuthorityStore(AuthorityFolder folder, TrustDomain trust_domain)
      : folder_(std::move(folder)), trust_domain_(std::move(trust_domain)) {}
  Result<void> ReadManifest();
  Result<std::shared_ptr<const Signer>> ReadAuthority(const std::string& name) const;
  [[nodiscard]] Error Damaged(const std::string& name, const Error& why) const;

  AuthorityFolder folder_;
  TrustDomain trust_domain_;
  Manifest manifest_;
};

}  // namespace surety
