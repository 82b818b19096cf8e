#include <algorithm>
#include <array>
#include <cctype>

#include "conformance/probe.h"

namespace conformance {
namespace {

constexpr std::string_view kScheme = "spiffe://";
constexpr std::size_t kLongestDomain = 255;
constexpr std::size_t kLongestId = 2048;

bool IsNameByte(char byte) {
  return std::isalnum(static_cast<unsigned char>(byte)) != 0 || byte == '.' || byte == '-' ||
         byte == '_';
}

bool BeginsLikeAnId(std::string_view id) {
  return id.size() > kScheme.size() &&
         std::ranges::equal(id.substr(0, kScheme.size()), kScheme, {},
                            [](unsigned char byte) { return std::tolower(byte); });
}

std::string_view DomainPart(std::string_view id) {
  const auto rest = id.substr(std::min(kScheme.size(), id.size()));
  return rest.substr(0, rest.find_first_of("/?#"));
}

std::string_view PathPart(std::string_view id) {
  const auto begin = std::min(kScheme.size() + DomainPart(id).size(), id.size());
  const auto rest = id.substr(begin);
  return rest.substr(0, rest.find_first_of("?#"));
}

// Checks every SPIFFE ID of an SVID that the server gave.
template <auto check>
Verdict OfIds(Probe& probe) {
  std::set<std::string> ids;
  for (const Svid& svid : probe.Svids()) ids.insert(svid.id);
  for (const HeldToken& token : probe.HeldTokens()) ids.insert(token.id);
  if (ids.empty()) return probe.Without(probe.First(kX509Svids), "XP1");
  for (const auto& id : ids)
    if (std::string problem = check(id); !problem.empty()) return Judged(id + ": " + problem);
  return Judged("");
}

std::string NotAnId(std::string_view id) {
  if (!BeginsLikeAnId(id)) return "does not begin with spiffe://";
  if (DomainPart(id).empty()) return "has no trust domain";
  return id.find_first_of("?#") == std::string_view::npos ? "" : "has a query or a fragment";
}

std::string WrongDomain(std::string_view id) {
  const auto domain = DomainPart(id);
  if (domain.size() > kLongestDomain) return "the trust domain is longer than 255 bytes";
  return std::ranges::all_of(domain, IsNameByte)
             ? ""
             : "the trust domain has other bytes than a-z, 0-9, '.', '-', '_'";
}

std::string WrongPath(std::string_view id) {
  auto path = PathPart(id);
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    if (segment.empty()) return "the path has an empty segment or a '/' at its end";
    if (segment == "." || segment == "..") return "the path has a segment '.' or '..'";
    if (!std::ranges::all_of(segment, IsNameByte))
      return "the path has other bytes than letters, digits, '.', '-', '_'";
    path.remove_prefix(segment.size());
  }
  return {};
}

std::string TooLong(std::string_view id) {
  return id.size() > kLongestId ? "is longer than 2048 bytes" : "";
}

std::string UpperCase(std::string_view id) {
  const auto begin = id.substr(0, kScheme.size() + DomainPart(id).size());
  const bool upper =
      std::ranges::any_of(begin, [](unsigned char byte) { return std::isupper(byte) != 0; });
  return upper ? "scheme or trust domain are not in lower case" : "";
}

Verdict NamesOfDomains(Probe& probe) {
  std::set<std::string> names;
  if (const auto* response = probe.X509())
    for (const auto& [name, bundle] : response->federated_bundles()) names.insert(name);
  if (const auto* response = probe.X509Bundles())
    for (const auto& [name, bundle] : response->bundles()) names.insert(name);
  if (const auto* response = probe.JwtBundles())
    for (const auto& [name, bundle] : response->bundles()) names.insert(name);
  if (names.empty()) return probe.Without(probe.First(kX509Bundles), "XB1 and JB1");
  for (const auto& name : names)
    if (!BeginsLikeAnId(name) || !PathPart(name).empty() || !WrongDomain(name).empty())
      return Judged("the key '" + name + "' of a bundle is not spiffe:// and a trust domain");
  return Judged("");
}

constexpr std::array kIdRules = {
    Rule{"ID1", "SPIFFE-ID 2", Strength::kMust,
         "A SPIFFE ID is spiffe://, a trust domain and a path, without query or fragment",
         OfIds<NotAnId>},
    Rule{"ID2", "SPIFFE-ID 2.1", Strength::kMust,
         "A trust domain has letters, digits, '.', '-', '_' and at most 255 bytes",
         OfIds<WrongDomain>},
    Rule{"ID3", "SPIFFE-ID 2.2", Strength::kMust,
         "Segments of a path have letters, digits, '.', '-', '_'; none is empty, '.' or '..'",
         OfIds<WrongPath>},
    Rule{"ID4", "SPIFFE-ID 2.3", Strength::kShould, "A SPIFFE ID has at most 2048 bytes",
         OfIds<TooLong>},
    Rule{"ID5", "SPIFFE-ID 2.1", Strength::kMust, "Scheme and trust domain are in lower case",
         OfIds<UpperCase>},
    Rule{"ID6", "SPIFFE-ID 2.2", Strength::kMust,
         "A trust domain is spiffe:// and its name, without a '/' at the end", NamesOfDomains},
};

}  // namespace

Rules IdRules() { return kIdRules; }

}  // namespace conformance
