#include "agent/issuance/crl_complaints.h"

#include <algorithm>
#include <map>

#include "agent/issuance/certificate_time.h"
#include "agent/issuance/der_writer.h"

namespace surety {
namespace {

/// Revocations of one authority.
struct Unlisted {
  std::size_t count = 0;
  WallTime until;  ///< When the last of the SVIDs expires.
};
using UnlistedByKey = std::map<std::string, Unlisted, std::less<>>;

UnlistedByKey UnlistedIn(std::span<const SignedCrl> crls, std::span<const Revocation> revocations,
                         WallTime now) {
  UnlistedByKey unlisted;
  for (const Revocation& one : revocations) {
    if (one.not_after <= now ||
        std::ranges::find(crls, one.issuer_key_id, &SignedCrl::issuer_key_id) != crls.end()) {
      continue;
    }
    Unlisted& of_key = unlisted[one.issuer_key_id];
    ++of_key.count;
    of_key.until = std::max(of_key.until, one.not_after);
  }
  return unlisted;
}

std::string WithoutRight(const Signer& signer, std::size_t revoked) {
  return "the authority " + signer.serial() +
         " may not sign CRLs (its certificate's keyUsage lacks cRLSign), so there is none of it "
         "and " +
         std::to_string(revoked) +
         " revoked SVIDs are taken by every peer until they expire: have the certificate issued "
         "again with cRLSign";
}

std::string WithoutKey(const std::string& key_id, const Unlisted& unlisted) {
  return std::to_string(unlisted.count) + " revoked SVIDs of the authority with key id " + key_id +
         " are on no CRL, since we do not hold its key: peers take them until " +
         DateText(unlisted.until) + " unless its certificate is taken out of their bundles";
}

}  // namespace

std::vector<std::string> ComplaintsAbout(std::span<const SignedCrl> crls,
                                         std::span<const std::shared_ptr<const Signer>> signers,
                                         std::span<const Revocation> revocations, WallTime now) {
  std::vector<std::string> sentences;
  UnlistedByKey unlisted = UnlistedIn(crls, revocations, now);
  for (const auto& signer : signers) {
    if (signer->may_sign_crls()) continue;
    const auto of_key = unlisted.find(Hex(signer->key_id()));
    sentences.push_back(WithoutRight(*signer, of_key == unlisted.end() ? 0 : of_key->second.count));
    if (of_key != unlisted.end()) unlisted.erase(of_key);
  }
  for (const auto& [key_id, of_key] : unlisted) sentences.push_back(WithoutKey(key_id, of_key));
  for (const SignedCrl& crl : crls) {
    if (crl.malformed == 0) continue;
    sentences.push_back(std::to_string(crl.malformed) + " revocations of the authority " +
                        crl.issuer_key_id +
                        " are on no CRL, since their serial numbers are none: the stored "
                        "revocations are damaged");
  }
  return sentences;
}

}  // namespace surety
