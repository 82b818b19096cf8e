#include "agent/config_federation.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "agent/config_endpoint.h"
#include "agent/identity/https_url.h"

namespace surety {
namespace {

constexpr std::string_view kTitle = "[[federation]]";
constexpr std::size_t kMostEndpoints = 64;
constexpr std::string_view kNameExample = "\"other.org\"";
constexpr std::string_view kUrlExample = "\"https://bundles.other.org:8443/\"";
constexpr std::string_view kIdExample = "\"spiffe://other.org/bundle-endpoint\"";
constexpr std::string_view kBundleExample = "\"/etc/surety/other.org.json\"";
constexpr std::string_view kCaExample = "\"/etc/surety/other.org-ca.pem\"";

}  // namespace

void FederationTables::Read(TomlTable& top, Config& config) {
  const auto tables = top.Tables("federation", kTitle);
  if (tables.size() > kMostEndpoints)
    diagnostics_.Error(top.At("federation"),
                       "there are " + std::to_string(tables.size()) + " trust domains to follow",
                       "have at most " + std::to_string(kMostEndpoints));
  for (const auto* each : tables) {
    TomlTable table(*each, kTitle, diagnostics_);
    auto trust_domain = ReadTrustDomain(table, config);
    FederationConfig out{.trust_domain = trust_domain.value_or(config.trust_domain)};
    ReadUrl(table, out.url);
    const auto profile = ReadProfile(table, kTitle, diagnostics_);
    // What else there should be hangs on it.
    if (!profile) continue;
    out.profile = *profile;
    ReadServerId(table, out);
    ReadFiles(table, out);
    table.RefuseUnknownKeys();
    if (trust_domain) config.federation.push_back(std::move(out));
  }
}

std::optional<TrustDomain> FederationTables::ReadTrustDomain(TomlTable& table,
                                                             const Config& config) {
  const auto text = table.String("trust_domain", kNameExample);
  const std::string fix =
      "name whose bundle is served there: trust_domain = " + std::string(kNameExample);
  if (!text) {
    if (!table.Has("trust_domain"))
      diagnostics_.Error(table.at(), std::string(kTitle) + " has no trust_domain", fix);
    return std::nullopt;
  }
  const auto refuse = [&](const std::string& why) {
    diagnostics_.Error(text->at, "trust_domain " + Quoted(text->value) + why, fix);
    return std::nullopt;
  };
  auto name = TrustDomain::Parse(text->value);
  if (!name) return refuse(": " + name.error().message());
  if (*name == config.trust_domain) return refuse(" is our own, whose bundle comes from our CA");
  if (std::ranges::find(config.federation, *name, &FederationConfig::trust_domain) !=
      config.federation.end())
    return refuse(" is followed twice");
  return *std::move(name);
}

void FederationTables::ReadUrl(TomlTable& table, std::string& out) {
  const auto url = table.String("url", kUrlExample);
  if (!url) {
    if (!table.Has("url"))
      diagnostics_.Error(table.at(), std::string(kTitle) + " has no url",
                         "add url = " + std::string(kUrlExample));
    return;
  }
  if (const auto checked = CheckHttpsUrl(url->value); !checked)
    return diagnostics_.Error(url->at,
                              "url " + Quoted(url->value) + " " + checked.error().message(),
                              "write it as url = " + std::string(kUrlExample));
  out = url->value;
}

void FederationTables::ReadServerId(TomlTable& table, FederationConfig& out) {
  const bool web = out.profile == EndpointProfile::kHttpsWeb;
  const auto text = table.String("endpoint_spiffe_id", kIdExample);
  if (text && web)
    return diagnostics_.Error(text->at, "endpoint_spiffe_id is of no use in the profile https_web",
                              "remove it, or set profile = \"https_spiffe\"");
  if (web) return;
  if (!text) {
    if (!table.Has("endpoint_spiffe_id"))
      diagnostics_.Error(table.at(),
                         "the profile https_spiffe needs the SPIFFE ID of the server there",
                         "add endpoint_spiffe_id = " + std::string(kIdExample));
    return;
  }
  auto id = SpiffeId::Parse(text->value);
  if (id && !id->path().empty())
    out.endpoint_spiffe_id = *std::move(id);
  else
    diagnostics_.Error(text->at,
                       "endpoint_spiffe_id " + Quoted(text->value) +
                           (id ? std::string(" has no path") : ": " + id.error().message()),
                       "write it as endpoint_spiffe_id = " + std::string(kIdExample));
}

void FederationTables::ReadFiles(TomlTable& table, FederationConfig& out) {
  const bool web = out.profile == EndpointProfile::kHttpsWeb;
  read_.Path("bundle_file", table.String("bundle_file", kBundleExample), kMaxPathBytes,
             out.bundle_file);
  read_.Path("ca_file", table.String("ca_file", kCaExample), kMaxPathBytes, out.ca_file);
  if (web && table.Has("bundle_file"))
    diagnostics_.Error(table.At("bundle_file"),
                       "bundle_file is of no use in the profile https_web, which needs no bundle "
                       "to begin with",
                       "remove it, or set profile = \"https_spiffe\"");
  if (!web && table.Has("ca_file"))
    diagnostics_.Error(table.At("ca_file"),
                       "ca_file is of no use in the profile https_spiffe, whose server is "
                       "believed by its trust domain's bundle",
                       "remove it, or set profile = \"https_web\"");
  if (out.endpoint_spiffe_id && table.Has("bundle_file") &&
      out.endpoint_spiffe_id->trust_domain() != out.trust_domain)
    diagnostics_.Error(table.At("bundle_file"),
                       "the server is of the trust domain " +
                           out.endpoint_spiffe_id->trust_domain().name() + ", so the bundle of " +
                           out.trust_domain.name() + " says nothing of it",
                       "follow that trust domain as well, or give its bundle with surety bundle "
                       "set, and remove bundle_file");
}

}  // namespace surety
