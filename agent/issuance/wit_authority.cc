#include "agent/issuance/wit_authority.h"

#include <filesystem>
#include <utility>

#include "agent/issuance/disk_writes.h"
#include "agent/issuance/jwt_store.h"
#include "agent/issuance/wit_mint.h"

namespace surety {

Result<std::unique_ptr<WitAuthority>> WitAuthority::Open(JwtAuthorityOptions options, Moment now) {
  options.profile = kWitProfile;
  TrustDomain trust_domain = options.trust_domain;
  auto keys = OpenJwtAuthority(std::move(options), now);
  if (!keys) return keys.error();
  return std::unique_ptr<WitAuthority>(new WitAuthority(std::move(trust_domain), *std::move(keys)));
}

Result<std::uint64_t> WitAuthority::Retire(const JwtAuthorityOptions& options) {
  std::error_code unknown;
  const auto folder = std::filesystem::path(options.state_dir) / kWitProfile.folder;
  if (!std::filesystem::exists(folder, unknown) && !unknown) return std::uint64_t{0};
  DiskWrites disk;
  auto store = JwtStore::Open(options.state_dir, options.trust_domain, disk, kWitProfile);
  if (!store) return store.error();
  if (store->opened().empty()) return store->manifest().revision;
  const std::vector<StoredJwtKey> keys = store->opened();
  JwtManifest manifest = store->manifest();
  manifest.keys.clear();
  ++manifest.revision;
  if (auto written = store->WriteManifest(std::move(manifest)); !written) return written.error();
  for (const StoredJwtKey& one : keys)
    if (auto removed = store->RemoveKey(one.key->id()); !removed) return removed.error();
  return store->manifest().revision;
}

Result<WitSvid> WitAuthority::IssueWit(const Entry& entry, WallTime now) {
  if (entry.spiffe_id.trust_domain() != trust_domain_) {
    return Error(ErrorCode::kInvalidArgument, "entry " + entry.id + ": " + entry.spiffe_id.Text() +
                                                  " is of another trust domain");
  }
  const auto signer = keys_->Signer();
  if (!signer) return signer.error();
  return MintWitSvid(*signer->key, signer->expires_at, entry, now);
}

}  // namespace surety
