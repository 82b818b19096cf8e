#include "agent/issuance/wit_authority.h"

#include <utility>

#include "agent/issuance/wit_mint.h"

namespace surety {

Result<std::unique_ptr<WitAuthority>> WitAuthority::Open(JwtAuthorityOptions options, Moment now) {
  options.profile = kWitProfile;
  TrustDomain trust_domain = options.trust_domain;
  auto keys = OpenJwtAuthority(std::move(options), now);
  if (!keys) return keys.error();
  return std::unique_ptr<WitAuthority>(new WitAuthority(std::move(trust_domain), *std::move(keys)));
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
