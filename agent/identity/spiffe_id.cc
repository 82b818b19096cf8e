#include "surety/spiffe_id.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace surety {
namespace {

constexpr std::string_view kScheme = "spiffe://";
constexpr std::size_t kMaxTrustDomainBytes = 255;
constexpr std::size_t kMaxIdBytes = 2048;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsMark(char c) { return c == '.' || c == '-' || c == '_'; }
bool IsTrustDomainByte(char c) { return IsLower(c) || IsDigit(c) || IsMark(c); }
bool IsSegmentByte(char c) { return IsTrustDomainByte(c) || IsUpper(c); }

/// A byte as a person can read it: 'A', or 0x1b where it does not print.
std::string NameOfByte(char c) {
  if (c >= ' ' && c <= '~') return std::string("'") + c + "'";
  std::array<char, 8> hex{};
  static_cast<void>(std::snprintf(hex.data(), hex.size(), "0x%02x",
                                  static_cast<unsigned>(static_cast<unsigned char>(c))));
  return hex.data();
}

/// Positions are told counted from 1, as editors count columns.
std::string AtByte(char c, std::size_t index) {
  return NameOfByte(c) + " at byte " + std::to_string(index + 1);
}

Error Invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

std::string_view TrustDomainRule(char c) {
  if (IsUpper(c)) return "; a trust domain is lower case";
  if (c == '%') return "; a trust domain is never percent-encoded";
  if (c == '@') return "; a trust domain has no user information";
  if (c == ':') return "; a trust domain has no scheme and no port";
  return "; a trust domain is made of a-z, 0-9, '.', '-' and '_'";
}

std::string_view PathRule(char c) {
  if (c == '%') return "; a path is never percent-encoded";
  if (c == '?') return "; a SPIFFE ID has no query";
  if (c == '#') return "; a SPIFFE ID has no fragment";
  return "; a path segment is made of a-z, A-Z, 0-9, '.', '-' and '_'";
}

/// `offset` is where `name` begins in the text that the caller gave.
Result<void> CheckTrustDomain(std::string_view name, std::size_t offset) {
  if (name.empty())
    return Invalid("the trust domain is empty at byte " + std::to_string(offset + 1));
  if (name.size() > kMaxTrustDomainBytes)
    return Invalid("the trust domain is " + std::to_string(name.size()) +
                   " bytes long; at most 255 are allowed");
  const auto bad = std::find_if_not(name.begin(), name.end(), IsTrustDomainByte);
  if (bad == name.end()) return {};
  const auto at = static_cast<std::size_t>(bad - name.begin());
  return Invalid("the trust domain has " + AtByte(*bad, offset + at) +
                 std::string(TrustDomainRule(*bad)));
}

Result<void> CheckSegment(std::string_view segment, std::size_t offset) {
  const std::string where = " at byte " + std::to_string(offset + 1);
  if (segment.empty()) return Invalid("the path has an empty segment" + where);
  const auto bad = std::find_if_not(segment.begin(), segment.end(), IsSegmentByte);
  if (bad != segment.end()) {
    const auto at = static_cast<std::size_t>(bad - segment.begin());
    return Invalid("the path has " + AtByte(*bad, offset + at) + std::string(PathRule(*bad)));
  }
  if (segment == "." || segment == "..")
    return Invalid("the path has the segment \"" + std::string(segment) + "\"" + where);
  return {};
}

/// `path` is empty or begins with '/'.
Result<void> CheckPath(std::string_view path, std::size_t offset) {
  if (path.empty()) return {};
  if (path.back() == '/')
    return Invalid("the SPIFFE ID ends with '/' at byte " + std::to_string(offset + path.size()));
  std::size_t begin = 1;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (auto checked = CheckSegment(path.substr(begin, end - begin), offset + begin); !checked)
      return checked;
    begin = end + 1;
  }
  return {};
}

Error NoScheme(std::string_view text) {
  const auto differs = std::mismatch(text.begin(), text.end(), kScheme.begin(), kScheme.end());
  const auto at = static_cast<std::size_t>(differs.first - text.begin());
  if (at == text.size())
    return Invalid("the SPIFFE ID stops at byte " + std::to_string(at + 1) +
                   "; it begins with \"spiffe://\" and a trust domain");
  return Invalid("the SPIFFE ID has " + AtByte(text[at], at) +
                 "; it begins with \"spiffe://\", in lower case");
}

}  // namespace

Result<TrustDomain> TrustDomain::Parse(std::string_view text) {
  if (auto checked = CheckTrustDomain(text, 0); !checked) return checked.error();
  return TrustDomain(std::string(text));
}

Result<SpiffeId> SpiffeId::Parse(std::string_view text) {
  if (text.size() > kMaxIdBytes)
    return Invalid("the SPIFFE ID is " + std::to_string(text.size()) +
                   " bytes long; at most 2048 are allowed");
  if (!text.starts_with(kScheme)) return NoScheme(text);
  const std::size_t slash = std::min(text.find('/', kScheme.size()), text.size());
  const std::string_view name = text.substr(kScheme.size(), slash - kScheme.size());
  const std::string_view path = text.substr(slash);
  if (auto checked = CheckTrustDomain(name, kScheme.size()); !checked) return checked.error();
  if (auto checked = CheckPath(path, slash); !checked) return checked.error();
  return SpiffeId(*TrustDomain::Parse(name), std::string(path));
}

}  // namespace surety
