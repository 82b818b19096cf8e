#pragma once

#include "agent/federation/foreign_bundles.h"
#include "surety/token.h"

namespace surety {

/// Believes tokens of our own trust domain as `own` does, and those of another by its
/// bundle, of which it passes on no claims but "sub", "aud" and "exp". Thread-safe.
class FederatedTokens final : public TokenValidator {
 public:
  /// Both outlive this.
  FederatedTokens(const TokenValidator& own, const ForeignBundles& held) : own_(own), held_(held) {}

  [[nodiscard]] Result<ValidatedToken> Validate(std::string_view token, std::string_view audience,
                                                WallTime now) const override;

 private:
  const TokenValidator& own_;
  const ForeignBundles& held_;
};

}  // namespace surety
