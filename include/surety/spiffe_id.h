#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "surety/result.h"

namespace surety {

/// The name of a trust domain (SPIFFE-ID.md section 2.1): 1 to 255 bytes of
/// [a-z0-9.-_]. An invalid one cannot exist.
class TrustDomain {
 public:
  /// Accepts the bare name, "example.org". kInvalidArgument names the byte.
  static Result<TrustDomain> Parse(std::string_view text);

  [[nodiscard]] const std::string& name() const { return name_; }
  /// The trust domain's own SPIFFE ID: "spiffe://example.org".
  [[nodiscard]] std::string IdText() const { return "spiffe://" + name_; }
  auto operator<=>(const TrustDomain&) const = default;

 private:
  explicit TrustDomain(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

/// A SPIFFE ID with or without a path (SPIFFE-ID.md section 2), at most 2048
/// bytes. As strict as go-spiffe: the scheme and the trust domain are lower
/// case, nothing is percent-encoded, no path segment is empty, "." or "..".
/// An invalid one cannot exist.
class SpiffeId {
 public:
  static Result<SpiffeId> Parse(std::string_view text);

  [[nodiscard]] const TrustDomain& trust_domain() const { return trust_domain_; }
  /// Empty, or begins with '/' and does not end with it.
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string Text() const { return trust_domain_.IdText() + path_; }
  auto operator<=>(const SpiffeId&) const = default;

 private:
  SpiffeId(TrustDomain trust_domain, std::string path)
      : trust_domain_(std::move(trust_domain)), path_(std::move(path)) {}
  TrustDomain trust_domain_;
  std::string path_;
};

}  // namespace surety
