#include "agent/issuance/svid_mint.h"

#include <utility>

#include "agent/identity/dns_name.h"
#include "agent/issuance/certificate_template.h"
#include "agent/issuance/certificate_time.h"
#include "agent/issuance/der_writer.h"
#include "agent/issuance/p256_key.h"

namespace surety {
namespace {

constexpr std::size_t kLongestId = 2048;  // SPIFFE-ID.md section 2.3.

Result<void> CheckEntry(const Entry& entry, std::string_view id) {
  const auto refuse = [&entry](const std::string& what) {
    return Error(ErrorCode::kInvalidArgument, "entry " + entry.id + ": " + what);
  };
  if (entry.spiffe_id.path().empty()) return refuse("a workload's SPIFFE ID needs a path");
  if (id.size() > kLongestId) return refuse("the SPIFFE ID is longer than 2048 bytes");
  if (entry.x509_ttl <= Seconds::zero()) return refuse("x509_ttl is not positive");
  for (const std::string& name : entry.dns_names) {
    if (auto fine = CheckDnsName(name); !fine) return refuse(fine.error().Text());
  }
  return {};
}

Result<void> CheckValid(const Signer& signer, WallTime now) {
  if (signer.ValidAt(now)) return {};
  return Error(ErrorCode::kUnavailable, "the authority " + signer.serial() + " is valid from " +
                                            DateText(signer.not_before()) + " to " +
                                            DateText(signer.not_after()) + ", and it is " +
                                            DateText(now));
}

// Sums that would leave the range of WallTime end at the signer's end.
WallTime EndOf(const Signer& signer, WallTime now, Seconds ttl) {
  const auto left = std::chrono::floor<Seconds>(signer.not_after() - now);
  return ttl < left ? std::chrono::floor<Seconds>(now + ttl) : signer.not_after();
}

}  // namespace

Result<X509Svid> MintX509Svid(const Signer& signer, const Entry& entry, Seconds clock_skew,
                              WallTime now, KeyPool* keys) {
  const std::string id = entry.spiffe_id.Text();
  if (auto fine = CheckEntry(entry, id); !fine) return fine.error();
  if (auto valid = CheckValid(signer, now); !valid) return valid.error();
  auto serial = RandomSerial();
  if (!serial) return serial.error();
  auto key = keys != nullptr ? keys->Take() : GenerateP256Key();
  if (!key) return key.error();

  const WallTime not_before = std::chrono::floor<Seconds>(now - clock_skew);
  const WallTime not_after = EndOf(signer, now, entry.x509_ttl);
  auto certificate = signer.Sign(LeafToBeSigned({.serial = *serial,
                                                 .algorithm = signer.algorithm(),
                                                 .issuer = signer.subject(),
                                                 .issuer_key_id = signer.key_id(),
                                                 .not_before = not_before,
                                                 .not_after = not_after,
                                                 .public_point = key->public_point,
                                                 .spiffe_id = id,
                                                 .dns_names = entry.dns_names}));
  if (!certificate) return certificate.error();

  std::vector<std::string> chain{*std::move(certificate)};
  chain.insert(chain.end(), signer.chain().begin(), signer.chain().end());
  return X509Svid{.id = entry.spiffe_id,
                  .hint = entry.hint,
                  .serial = Hex(*serial),
                  .issuer_key_id = Hex(signer.key_id()),
                  .chain_der = std::move(chain),
                  .key_der = std::move(key->pkcs8),
                  .not_before = not_before,
                  .not_after = not_after};
}

}  // namespace surety
