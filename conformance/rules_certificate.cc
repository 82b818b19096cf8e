#include <algorithm>
#include <array>

#include "conformance/probe.h"

namespace conformance {
namespace {

// `check` tells what is wrong with one SVID whose chain could be read.
template <auto check>
Verdict OfChains(Probe& probe) {
  bool any = false;
  for (const Svid& svid : probe.Svids()) {
    if (svid.chain.empty()) continue;
    any = true;
    if (std::string problem = check(svid); !problem.empty())
      return Judged(svid.id + ": " + problem);
  }
  return any ? Judged("") : probe.Without(probe.First(kX509Svids), "XP4");
}

const X509* LeafOf(const Svid& svid) { return svid.chain.front().get(); }

// Those above the leaf, of the chain and of the bundle.
std::vector<const X509*> SignersOf(const Svid& svid) {
  std::vector<const X509*> signers;
  for (std::size_t i = 1; i < svid.chain.size(); ++i) signers.push_back(svid.chain[i].get());
  for (const Certificate& root : svid.bundle) signers.push_back(root.get());
  return signers;
}

std::string OneUri(const Svid& svid) {
  const auto count = UriNames(LeafOf(svid)).size();
  return count == 1 ? "" : "the leaf has " + std::to_string(count) + " URI SANs";
}

std::string NoPath(const Svid& svid) {
  for (const auto& name : UriNames(LeafOf(svid)))
    if (const auto domain = DomainOf(name); name == domain || name == domain + "/")
      return "the leaf's SPIFFE ID " + name + " has no path";
  return {};
}

std::string SanNotCritical(const Svid& svid) {
  const bool empty = X509_NAME_entry_count(X509_get_subject_name(LeafOf(svid))) == 0;
  return empty && !IsCritical(LeafOf(svid), NID_subject_alt_name)
             ? "the Subject is empty and the SAN is not critical"
             : "";
}

std::string WrongBasicConstraints(const Svid& svid) {
  if (IsCa(LeafOf(svid))) return "cA is true in the leaf";
  return std::ranges::all_of(SignersOf(svid), IsCa) ? "" : "cA is not true in a signer";
}

std::string KeyUsageNotCritical(const Svid& svid) {
  std::vector<const X509*> all = SignersOf(svid);
  all.push_back(LeafOf(svid));
  for (const X509* one : all) {
    // A signer that is no SVID is RFC 5280's matter.
    if (one != LeafOf(svid) && UriNames(one).empty()) continue;
    const std::string who = one == LeafOf(svid) ? "the leaf" : "a signer";
    if (!KeyUsage(one)) return who + " has no key usage";
    if (!IsCritical(one, NID_key_usage)) return "the key usage of " + who + " is not critical";
  }
  return {};
}

std::string SignerCannotSign(const Svid& svid) {
  for (const X509* signer : SignersOf(svid))
    if (const auto usage = KeyUsage(signer); usage && (*usage & KU_KEY_CERT_SIGN) == 0)
      return "a signer has no keyCertSign";
  return {};
}

std::string WrongLeafUsage(const Svid& svid) {
  const auto usage = KeyUsage(LeafOf(svid));
  if (!usage) return {};
  if ((*usage & KU_DIGITAL_SIGNATURE) == 0) return "the leaf has no digitalSignature";
  return (*usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) == 0 ? ""
                                                          : "the leaf has keyCertSign or cRLSign";
}

std::string WrongExtendedUsage(const Svid& svid) {
  const auto purposes = ExtendedKeyUsage(LeafOf(svid));
  if (!purposes) return {};
  for (const int needed : {NID_server_auth, NID_client_auth})
    if (std::ranges::find(*purposes, needed) == purposes->end())
      return std::string("the extended key usage lacks ") + OBJ_nid2sn(needed);
  return {};
}

std::string NoExtendedUsage(const Svid& svid) {
  return ExtendedKeyUsage(LeafOf(svid)) ? "" : "the leaf has no extended key usage";
}

std::string SignerWithPath(const Svid& svid) {
  for (const X509* signer : SignersOf(svid))
    for (const auto& name : UriNames(signer))
      if (name != DomainOf(name)) return "a signer is " + name + ", which has a path";
  return {};
}

std::string SignerOfNoDomain(const Svid& svid) {
  for (const X509* signer : SignersOf(svid)) {
    const auto names = UriNames(signer);
    if (names.empty()) return "a signer has no SPIFFE ID";
    if (DomainOf(names.front()) != DomainOf(svid.id)) return "a signer is " + names.front();
  }
  return {};
}

Verdict LeadsToBundle(Probe& probe) {
  bool any = false;
  for (const Svid& svid : probe.Svids()) {
    if (svid.chain.empty() || svid.bundle.empty()) continue;
    any = true;
    if (auto problem = PathProblem(svid.chain, svid.bundle); !problem.empty())
      return Judged(svid.id + ": " + problem);
  }
  return any ? Judged("") : probe.Without(probe.First(kX509Svids), "XP4 and XP9");
}

constexpr std::array kCertificateRules = {
    Rule{"XD1", "X509-SVID 2", Strength::kMust, "The leaf has exactly one URI SAN",
         OfChains<OneUri>},
    Rule{"XD2", "X509-SVID 3.1", Strength::kMust, "The leaf's SPIFFE ID has a path",
         OfChains<NoPath>},
    Rule{"XD3", "X509-SVID 3.1", Strength::kMust, "The SAN is critical if the Subject is empty",
         OfChains<SanNotCritical>},
    Rule{"XD4", "X509-SVID 4.1", Strength::kMust, "cA is false in the leaf and true in signers",
         OfChains<WrongBasicConstraints>},
    Rule{"XD5", "X509-SVID 4.3", Strength::kMust, "SVIDs have a critical key usage",
         OfChains<KeyUsageNotCritical>},
    Rule{"XD6", "X509-SVID 4.3", Strength::kMust, "Signers have keyCertSign",
         OfChains<SignerCannotSign>},
    Rule{"XD7", "X509-SVID 4.3", Strength::kMust,
         "Leaves have digitalSignature, and neither keyCertSign nor cRLSign",
         OfChains<WrongLeafUsage>},
    Rule{"XD8", "X509-SVID 4.4", Strength::kMust,
         "An extended key usage has serverAuth and clientAuth", OfChains<WrongExtendedUsage>},
    Rule{"XD8b", "X509-SVID 4.4", Strength::kShould, "Leaves have an extended key usage",
         OfChains<NoExtendedUsage>},
    Rule{"XD9", "X509-SVID 3.2", Strength::kMust, "The SPIFFE ID of a signer has no path",
         OfChains<SignerWithPath>},
    Rule{"XD9b", "X509-SVID 3.2", Strength::kShould,
         "Signers have a SPIFFE ID, of the trust domain that they sign for",
         OfChains<SignerOfNoDomain>},
    Rule{"XD10", "X509-SVID 4.2", Strength::kUsual, "Signers may have name constraints", nullptr,
         "they are optional; XD11 keeps to those that are there"},
    Rule{"XD11", "X509-SVID 5.1", Strength::kMust,
         "The chain leads to the bundle and is valid now (RFC 5280)", LeadsToBundle},
    Rule{"XD12", "X509-SVID 6.1", Strength::kMust, "Certificates in a SPIFFE bundle document",
         nullptr, "the Workload API serves no such document"},
};

}  // namespace

Rules CertificateRules() { return kCertificateRules; }

}  // namespace conformance
