#include "agent/config_endpoint.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "agent/identity/https_url.h"

namespace surety {
namespace {

constexpr std::string_view kEndpointTitle = "[bundle_endpoint]";
constexpr std::string_view kListenExample = "\"0.0.0.0:8443\"";
constexpr std::string_view kProfileExample = "\"https_spiffe\"";
constexpr std::string_view kCertificateExample = "\"/etc/surety/endpoint.pem\"";
constexpr std::string_view kKeyExample = "\"/etc/surety/endpoint.key\"";
constexpr std::string_view kIssuerExample = "\"https://oidc.example.org\"";

}  // namespace

std::optional<EndpointProfile> ReadProfile(TomlTable& table, std::string_view title,
                                           FileDiagnostics& diagnostics) {
  const auto word = table.String("profile", kProfileExample);
  const std::string fix =
      "write profile = \"https_spiffe\" for a certificate that is an X509-SVID, or "
      "\"https_web\" for one of a CA that systems trust";
  if (word && word->value == "https_spiffe") return EndpointProfile::kHttpsSpiffe;
  if (word && word->value == "https_web") return EndpointProfile::kHttpsWeb;
  if (word)
    diagnostics.Error(word->at, "profile " + Quoted(word->value) + " is unknown", fix);
  else if (!table.Has("profile"))
    diagnostics.Error(table.at(), std::string(title) + " has no profile", fix);
  return std::nullopt;
}

void EndpointSections::Read(Config& config) {
  ReadEndpoint(config);
  ReadOidc(config);
}

void EndpointSections::ReadEndpoint(Config& config) {
  const auto* section = top_.Table("bundle_endpoint", kEndpointTitle);
  if (section == nullptr) return;
  TomlTable table(*section, kEndpointTitle, diagnostics_);
  BundleEndpointConfig out;
  ReadListen(table, out.listen);
  const auto profile = ReadProfile(table, kEndpointTitle, diagnostics_);
  // What else there should be hangs on it.
  if (!profile) return;
  out.profile = *profile;
  ReadFiles(table, out);
  ReadSpiffeId(table, config.trust_domain, out);
  table.RefuseUnknownKeys();
  config.bundle_endpoint = std::move(out);
}

void EndpointSections::ReadListen(TomlTable& table, TcpAddress& out) {
  const auto text = table.String("listen", kListenExample);
  const std::string fix = "write listen = " + std::string(kListenExample) + " or \"[::]:8443\"";
  if (!text) {
    if (!table.Has("listen"))
      diagnostics_.Error(table.at(), "[bundle_endpoint] does not say where to listen",
                         fix + ", or remove the section");
    return;
  }
  auto address = TcpAddress::Parse(text->value);
  if (address)
    out = *address;
  else
    diagnostics_.Error(text->at,
                       "listen is " + Quoted(text->value) + ": " + address.error().message(), fix);
}

void EndpointSections::ReadFiles(TomlTable& table, BundleEndpointConfig& out) {
  const bool web = out.profile == EndpointProfile::kHttpsWeb;
  const std::array<std::pair<std::string_view, std::string_view>, 2> keys{
      {{"certificate_file", kCertificateExample}, {"key_file", kKeyExample}}};
  for (const auto& [key, example] : keys) {
    std::string& file = key == "key_file" ? out.key_file : out.certificate_file;
    read_.PathOrCredential(key, table.String(key, example), kMaxPathBytes, file);
    if (web && !table.Has(key))
      diagnostics_.Error(
          table.at(), "the profile https_web needs " + std::string(key),
          "add " + std::string(key) + " = " + std::string(example) + ", or choose https_spiffe");
    if (!web && table.Has(key))
      diagnostics_.Error(table.At(key),
                         std::string(key) +
                             " is of no use in the profile https_spiffe, whose "
                             "certificate the daemon issues itself",
                         "remove it, or set profile = \"https_web\"");
  }
}

void EndpointSections::ReadSpiffeId(TomlTable& table, const TrustDomain& trust_domain,
                                    BundleEndpointConfig& out) {
  const std::string usual = trust_domain.IdText() + "/bundle-endpoint";
  const auto text = table.String("spiffe_id", Quoted(usual));
  if (text && out.profile == EndpointProfile::kHttpsWeb)
    return diagnostics_.Error(text->at, "spiffe_id is of no use in the profile https_web",
                              "remove it, or set profile = \"https_spiffe\"");
  if (out.profile == EndpointProfile::kHttpsWeb) return;
  auto id = SpiffeId::Parse(text ? text->value : usual);
  if (id && id->trust_domain() == trust_domain && !id->path().empty())
    out.spiffe_id = *std::move(id);
  else if (text)
    diagnostics_.Error(text->at,
                       "spiffe_id " + Quoted(text->value) + " names no workload of " +
                           trust_domain.name() + (id ? std::string() : ": " + id.error().message()),
                       "write spiffe_id = " + Quoted(usual) + ", or leave it out");
}

void EndpointSections::ReadOidc(Config& config) {
  const auto* section = top_.Table("oidc", "[oidc]");
  if (section == nullptr) return;
  TomlTable table(*section, "[oidc]", diagnostics_);
  const auto issuer = table.String("issuer", kIssuerExample);
  table.RefuseUnknownKeys();
  if (!issuer) {
    if (!table.Has("issuer"))
      diagnostics_.Error(table.at(), "[oidc] has no issuer",
                         "add issuer = " + std::string(kIssuerExample) + ", or remove the section");
    return;
  }
  if (const auto checked = CheckHttpsOrigin(issuer->value); !checked)
    return diagnostics_.Error(
        issuer->at, "issuer " + Quoted(issuer->value) + " " + checked.error().message(),
        "write what relying parties connect to, without a slash at the end: issuer = " +
            std::string(kIssuerExample));
  if (!config.bundle_endpoint || config.bundle_endpoint->profile != EndpointProfile::kHttpsWeb)
    diagnostics_.Error(issuer->at,
                       "[oidc] needs a listener whose certificate relying parties believe",
                       "add [bundle_endpoint] with profile = \"https_web\"");
  config.oidc_issuer = issuer->value;
}

}  // namespace surety
