#pragma once

#include <cstdint>
#include <memory>

#include "agent/issuance/jwt_authority.h"
#include "surety/wit.h"

namespace surety {

/// Signs the WIT-SVIDs of one trust domain, with keys of their own that live as those of
/// JWT-SVIDs do. Thread-safe.
class WitAuthority final : public WitIssuer {
 public:
  /// As OpenJwtAuthority(), whatever profile the options name.
  static Result<std::unique_ptr<WitAuthority>> Open(JwtAuthorityOptions options, Moment now);

  /// While the profile is off: forgets the keys of a daemon that had it on, so that nobody
  /// believes them any more. The revision of the bundle without them, which goes on from
  /// theirs; 0 if there never were any. The errors are those of JwtStore.
  static Result<std::uint64_t> Retire(const JwtAuthorityOptions& options);

  Result<WitSvid> IssueWit(const Entry& entry, WallTime now) override;
  [[nodiscard]] std::shared_ptr<const TokenBundles> Bundles() const override {
    return keys_->Bundles();
  }

  AuthorityProgress Advance(Moment now) { return keys_->Advance(now); }
  [[nodiscard]] std::vector<AuthorityStatus> Status() const { return keys_->Status(); }
  [[nodiscard]] std::vector<std::string> Degraded(WallTime now) const {
    return keys_->Degraded(now);
  }

 private:
  WitAuthority(TrustDomain trust_domain, std::unique_ptr<JwtAuthority> keys)
      : trust_domain_(std::move(trust_domain)), keys_(std::move(keys)) {}

  const TrustDomain trust_domain_;
  const std::unique_ptr<JwtAuthority> keys_;  // Whose tokens nobody is given.
};

}  // namespace surety
