#include "agent/command/bundle_show.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "agent/command/advice.h"
#include "agent/federation/bundle_map.h"
#include "agent/federation/bundle_reader.h"
#include "agent/issuance/certificate_view.h"

namespace surety {
namespace {

constexpr std::size_t kPemLine = 64;

// The base64 of a certificate, as RFC 7468 breaks it into lines.
std::string PemOf(std::string_view base64) {
  std::string pem = "-----BEGIN CERTIFICATE-----\n";
  for (; !base64.empty(); base64.remove_prefix(std::min(kPemLine, base64.size())))
    pem += std::string(base64.substr(0, kPemLine)) + "\n";
  return pem + "-----END CERTIFICATE-----\n";
}

bool IsBase64(std::string_view text) {
  constexpr std::string_view kBase64 =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
  return !text.empty() && text.find_first_not_of(kBase64) == std::string_view::npos;
}

Result<std::string> AuthoritiesAsPem(const std::string& document) {
  const Error unreadable(ErrorCode::kDataLoss, "the daemon's bundle is no SPIFFE bundle document");
  const auto bundle = nlohmann::json::parse(document, nullptr, false);
  if (!bundle.is_object() || !bundle.contains("keys") || !bundle["keys"].is_array())
    return unreadable;
  std::string pem;
  for (const auto& key : bundle["keys"]) {
    if (!key.is_object() || key.value("use", nlohmann::json()) != "x509-svid") continue;
    const auto chain = key.value("x5c", nlohmann::json());
    if (!chain.is_array() || chain.size() != 1 || !chain[0].is_string()) return unreadable;
    const auto certificate = chain[0].get<std::string>();
    if (!IsBase64(certificate)) return unreadable;
    pem += PemOf(certificate);
  }
  return pem;
}

Result<std::string> AuthoritiesOfOthers(const TrustDomain& trust_domain,
                                        const std::string& document) {
  const auto bundle = ReadBundleDocument(trust_domain, document);
  if (!bundle) return bundle.error();
  std::string pem;
  for (const std::string& der : bundle->x509_authorities) pem += CertificatePem(der);
  return pem;
}

// All that the daemon has. One that is deleted meanwhile is left out.
Result<std::string> MapOfAll(const AdminFlags& admin, AdminClient& client) {
  const auto status = client.GetStatus(admin.timeout);
  if (!status) return status.error();
  const auto held = client.ListBundles(admin.timeout);
  if (!held) return held.error();
  const auto own = client.GetBundle(std::nullopt, admin.timeout);
  if (!own) return own.error();
  std::map<std::string, std::string> documents{{status->trust_domain, *own}};
  for (const HeldBundle& each : *held) {
    const auto trust_domain = TrustDomain::Parse(each.trust_domain);
    if (!trust_domain) return trust_domain.error();
    const auto document = client.GetBundle(*trust_domain, admin.timeout);
    if (!document && document.error().code() == ErrorCode::kNotFound) continue;
    if (!document) return document.error();
    documents.emplace(each.trust_domain, *document);
  }
  return WriteBundleMap(documents);
}

}  // namespace

Result<void> ShowBundle(const BundleShowFlags& flags, AdminClient& client, std::ostream& out) {
  if (flags.map) {
    const auto map = MapOfAll(flags.admin, client);
    if (!map) return AdvisedAdminError(map.error());
    out << *map;
    return {};
  }
  const auto document = client.GetBundle(flags.trust_domain, flags.admin.timeout);
  if (!document) return AdvisedAdminError(document.error());
  if (flags.admin.output == OutputFormat::kJson) {
    out << *document;
    return {};
  }
  const auto pem = flags.trust_domain ? AuthoritiesOfOthers(*flags.trust_domain, *document)
                                      : AuthoritiesAsPem(*document);
  if (!pem) return pem.error();
  out << *pem;
  return {};
}

}  // namespace surety
