#include "agent/issuance/signed_crl.h"

#include <utility>

#include "agent/issuance/crl_template.h"
#include "agent/issuance/der_writer.h"

namespace surety {

Result<SignedCrl> SignCrl(const Signer& signer, std::span<const Revocation> revocations,
                          const CrlDate& date, std::chrono::sys_seconds next_update) {
  SignedCrl crl{.der = {},
                .issuer_key_id = Hex(signer.key_id()),
                .date = date,
                .next_update = next_update,
                .entries = 0,
                .malformed = 0};
  CrlLines lines(date.this_update);
  for (const Revocation& one : revocations) {
    if (one.issuer_key_id == crl.issuer_key_id && !lines.Add(one)) ++crl.malformed;
  }
  crl.entries = lines.count();
  auto whole = signer.Sign(CrlToBeSigned({.algorithm = signer.algorithm(),
                                          .issuer = signer.subject(),
                                          .issuer_key_id = signer.key_id(),
                                          .number = date.number,
                                          .this_update = date.this_update,
                                          .next_update = next_update,
                                          .lines = lines.bytes()}));
  if (!whole) return whole.error().Within("the CRL of authority " + signer.serial());
  crl.der = *std::move(whole);
  return crl;
}

}  // namespace surety
