#pragma once

#include <span>
#include <string>
#include <string_view>

#include "agent/issuance/key_pool.h"
#include "agent/issuance/signer.h"
#include "surety/issuer.h"

namespace surety {

/// Makes one X509-SVID: a new key, a random serial, a certificate signed by
/// `signer`. Valid from `now` less `clock_skew` to the earlier of `now` plus the
/// entry's TTL and the signer's own end. kInvalidArgument for an entry that has
/// no path (X509-SVID.md section 3.1), no time to live, an ID above 2048 bytes
/// or a DNS name that is none; kUnavailable while `now` is outside the signer's
/// validity. The key comes from `keys`, or is made here if that is null.
/// Thread-safe: about 45 µs of CPU with a P-256 signer, a third of it for the key.
Result<X509Svid> MintX509Svid(const Signer& signer, const Entry& entry, Seconds clock_skew,
                              WallTime now, KeyPool* keys = nullptr);

}  // namespace surety
