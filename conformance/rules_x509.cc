#include <algorithm>
#include <array>

#include "conformance/probe.h"

namespace conformance {
namespace {

constexpr std::size_t kLongestHint = 1024;

// `check` tells what is wrong with the answer of FetchX509SVID.
template <auto check>
Verdict OfX509(Probe& probe) {
  const auto* response = probe.X509();
  if (response == nullptr) return probe.Without(probe.First(kX509Svids), "XP1");
  return Judged(check(*response));
}

template <auto check>
Verdict OfX509Bundles(Probe& probe) {
  const auto* response = probe.X509Bundles();
  if (response == nullptr) return probe.Without(probe.First(kX509Bundles), "XB1");
  return Judged(check(*response, probe.OwnDomain()));
}

Verdict AtLeastOne(Probe& probe) {
  const auto& first = probe.First(kX509Svids);
  if (probe.options().no_identity || first.end.code == Code::kUnimplemented)
    return probe.Without(first, "E1");
  if (!first.message) return Judged("FetchX509SVID ends with " + TextOf(first.end));
  if (probe.X509() == nullptr) return Judged("the message cannot be read");
  return Judged(probe.X509()->svids().empty() ? "the message holds no SVID" : "");
}

std::string EmptyField(const X509SVIDResponse& response) {
  for (const auto& svid : response.svids()) {
    if (svid.spiffe_id().empty()) return "spiffe_id is empty";
    if (svid.x509_svid().empty()) return svid.spiffe_id() + ": x509_svid is empty";
    if (svid.x509_svid_key().empty()) return svid.spiffe_id() + ": x509_svid_key is empty";
    if (svid.bundle().empty()) return svid.spiffe_id() + ": bundle is empty";
  }
  return {};
}

template <auto check>
Verdict OfSvids(Probe& probe) {
  if (probe.Svids().empty()) return probe.Without(probe.First(kX509Svids), "XP1");
  for (const Svid& svid : probe.Svids())
    if (std::string problem = check(svid); !problem.empty())
      return Judged(svid.id + ": " + problem);
  return Judged("");
}

std::string OtherId(const Svid& svid) {
  if (svid.chain.empty()) return {};
  const auto names = UriNames(svid.chain.front().get());
  if (std::ranges::find(names, svid.id) != names.end()) return {};
  return "the certificate names " + (names.empty() ? std::string("no URI") : names.front());
}

std::string KeyProblem(const Svid& svid) {
  if (!svid.key) return "x509_svid_key is not one unencrypted PKCS#8 key in DER";
  if (svid.chain.empty()) return {};
  const bool fits = X509_check_private_key(svid.chain.front().get(), svid.key.get()) == 1;
  return fits ? "" : "the key is not that of the certificate";
}

std::string ChainProblem(const Svid& svid) {
  if (svid.chain.empty()) return "x509_svid is not DER certificates, one after the other";
  for (std::size_t i = 0; i + 1 < svid.chain.size(); ++i)
    if (X509_check_issued(svid.chain[i + 1].get(), svid.chain[i].get()) != X509_V_OK)
      return "certificate " + std::to_string(i + 2) + " of x509_svid has not issued the one before";
  return {};
}

template <class Response>
std::string RepeatedHint(const Response& response) {
  std::set<std::string> seen;
  for (const auto& svid : response.svids())
    if (!svid.hint().empty() && !seen.insert(svid.hint()).second)
      return "two SVIDs have the hint '" + svid.hint() + "'";
  return {};
}

std::string LongHint(const X509SVIDResponse& response) {
  for (const auto& svid : response.svids())
    if (svid.hint().size() > kLongestHint)
      return svid.spiffe_id() + ": the hint has " + std::to_string(svid.hint().size()) + " bytes";
  return {};
}

Verdict SameOrder(Probe& probe) {
  const auto* response = probe.X509();
  if (response == nullptr) return probe.Without(probe.First(kX509Svids), "XP1");
  for (int i = 0; i < 3; ++i) {
    X509SVIDResponse again;
    const auto answer = probe.Ask(kX509Svids);
    if (!answer.message || !again.ParseFromString(*answer.message))
      return Skipped("there is no second answer; see S8");
    const bool same = std::ranges::equal(
        response->svids(), again.svids(), {}, [](const auto& svid) { return svid.spiffe_id(); },
        [](const auto& svid) { return svid.spiffe_id(); });
    if (!same) return Judged("another stream is given other SPIFFE IDs, or in another order");
  }
  return Judged("");
}

Verdict FederatedApart(Probe& probe) {
  const auto* response = probe.X509();
  if (response == nullptr) return probe.Without(probe.First(kX509Svids), "XP1");
  for (const auto& [domain, bundle] : response->federated_bundles()) {
    if (!domain.starts_with("spiffe://"))
      return Judged("a federated bundle has the key '" + domain + "', which is no SPIFFE ID");
    if (domain == probe.OwnDomain()) return Judged("the own trust domain is among the federated");
  }
  return Judged("");
}

template <class Response>
std::string CrlProblem(const Response& response) {
  return std::ranges::all_of(response.crl(), IsCrl) ? "" : "a CRL is not one DER CRL";
}

Verdict CrlsAreDer(Probe& probe) {
  const auto* response = probe.X509();
  if (response == nullptr) return probe.Without(probe.First(kX509Svids), "XP1");
  if (response->crl().empty()) return Skipped("the server gives no CRL, which is optional");
  return Judged(CrlProblem(*response));
}

std::string BundleProblem(const X509SVIDResponse& response) {
  for (const auto& svid : response.svids())
    if (!svid.bundle().empty() && !ReadCertificates(svid.bundle()))
      return svid.spiffe_id() + ": the bundle is not DER certificates, one after the other";
  for (const auto& [domain, bundle] : response.federated_bundles())
    if (!ReadCertificates(bundle))
      return domain + ": the bundle is not DER certificates, one after the other";
  return {};
}

std::string BundlesProblem(const X509BundlesResponse& response, const std::string& own) {
  for (const auto& [domain, bundle] : response.bundles())
    if (!ReadCertificates(bundle))
      return domain + ": the bundle is not DER certificates, one after the other";
  return own.empty() || response.bundles().contains(own) ? "" : "the bundle of " + own + " lacks";
}

Verdict OwnBundle(Probe& probe) {
  const auto& first = probe.First(kX509Bundles);
  if (probe.X509() != nullptr && !first.message && first.end.code != Code::kDeadlineExceeded)
    return Judged("FetchX509Bundles ends with " + TextOf(first.end));
  return OfX509Bundles<BundlesProblem>(probe);
}

Verdict BundlesForStrangers(Probe& probe) {
  if (!probe.options().no_identity)
    return Skipped("the caller has an identity: run it as one without, with --no-identity");
  const auto& first = probe.First(kX509Bundles);
  const bool well = first.message || first.end.code == Code::kPermissionDenied ||
                    first.end.code == Code::kUnimplemented;
  return Judged(well ? "" : "FetchX509Bundles ends with " + TextOf(first.end));
}

constexpr auto kFetchX509 = "Workload API 5.2.1";

constexpr std::array kX509Rules = {
    Rule{"XP1", kFetchX509, Strength::kMust, "FetchX509SVID gives one SVID at least", AtLeastOne},
    Rule{"XP2", kFetchX509, Strength::kMust, "SPIFFE ID, certificate, key and bundle are there",
         OfX509<EmptyField>},
    Rule{"XP3", kFetchX509, Strength::kMust, "spiffe_id is what the certificate names",
         OfSvids<OtherId>},
    Rule{"XP3b", "Workload API 5.1", Strength::kMust,
         "The key is unencrypted PKCS#8 in DER and fits the certificate", OfSvids<KeyProblem>},
    Rule{"XP4", "Workload API 5.1", Strength::kMust,
         "x509_svid is a chain in DER, the leaf first, each issued by the next",
         OfSvids<ChainProblem>},
    Rule{"XP5", kFetchX509, Strength::kMust, "A hint is there once",
         OfX509<RepeatedHint<X509SVIDResponse>>},
    Rule{"XP5b", kFetchX509, Strength::kUsual, "What becomes of entries with the same hint",
         nullptr, "the server's entries are not to be seen"},
    Rule{"XP5c", "Workload API 8", Strength::kShould, "A hint has at most 1024 bytes",
         OfX509<LongHint>},
    Rule{"XP6", "Workload API 8", Strength::kUsual, "The SVIDs come in the same order each time",
         SameOrder},
    Rule{"XP7", "Workload API 5.1", Strength::kMust,
         "Federated bundles have SPIFFE IDs as keys, and not the own trust domain", FederatedApart},
    Rule{"XP8", "Workload API 5.1", Strength::kMust, "CRLs are DER", CrlsAreDer},
    Rule{"XP9", kFetchX509, Strength::kMust, "Bundles are certificates in DER and nothing else",
         OfX509<BundleProblem>},
    Rule{"XB1", "Workload API 5.2.2", Strength::kMust,
         "FetchX509Bundles gives bundles in DER, the own trust domain's among them", OwnBundle},
    Rule{"XB2", "Workload API 5.2.2", Strength::kShould,
         "Who may have no bundles is told PERMISSION_DENIED", BundlesForStrangers},
};

}  // namespace

Rules X509Rules() { return kX509Rules; }

}  // namespace conformance
