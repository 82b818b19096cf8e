#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/issuance/authority_folder.h"
#include "agent/issuance/jwt_key.h"
#include "agent/issuance/jwt_manifest.h"
#include "surety/secret_bytes.h"
#include "surety/spiffe_id.h"

namespace surety {

/// A new key in both of its forms.
struct NewJwtKey {
  std::shared_ptr<const JwtKey> key;
  SecretBytes pkcs8;
};
Result<NewJwtKey> MakeJwtKey(const TokenProfile& profile = kJwtProfile);

/// One key as it lies in the folder.
struct StoredJwtKey {
  std::shared_ptr<const JwtKey> key;
  JwtManifest::Item item;
};

/// The keys that sign the tokens of one profile on disk, <state_dir>/<profile's folder>: one file
/// <kid>.pem for each and manifest.json, which says what they are for and until when. A file is
/// written before the manifest names it and removed after the manifest has stopped to, so that
/// whatever instant the daemon dies at, everything named is there. Not thread-safe.
class JwtStore {
 public:
  /// Opens the folder (authority_folder.h) and reads the manifest; one of revision 0 with
  /// no keys, which is written at once, if the folder is new. Key files that the manifest
  /// does not name were never in a bundle and are removed. kDataLoss, with what to do: a
  /// damaged manifest, one of another trust domain, keys without one, a key that is missing
  /// or damaged.
  static Result<JwtStore> Open(const std::string& state_dir, const TrustDomain& trust_domain,
                               DiskWrites& disk, const TokenProfile& profile = kJwtProfile);

  /// As the manifest names them: nothing is ever replaced by itself.
  [[nodiscard]] const std::vector<StoredJwtKey>& opened() const { return opened_; }
  [[nodiscard]] const JwtManifest& manifest() const { return manifest_; }

  /// Each is on the disk when it returns; on failure call it again.
  Result<void> WriteKey(const NewJwtKey& key);
  Result<void> WriteManifest(JwtManifest manifest);
  Result<void> RemoveKey(const std::string& key_id);

 private:
  JwtStore(AuthorityFolder folder, TrustDomain trust_domain, const TokenProfile& profile)
      : folder_(std::move(folder)), trust_domain_(std::move(trust_domain)), profile_(profile) {}
  Result<void> ReadManifest();
  Result<void> ReadKeys();
  Result<void> RemoveUnnamed();
  [[nodiscard]] Result<std::shared_ptr<const JwtKey>> ReadKey(const std::string& key_id) const;
  [[nodiscard]] Error Damaged(const std::string& name, const Error& why) const;

  AuthorityFolder folder_;
  TrustDomain trust_domain_;
  TokenProfile profile_;
  JwtManifest manifest_;
  std::vector<StoredJwtKey> opened_;
};

}  // namespace surety
