#pragma once

#include <string>

#include "surety/clock.h"
#include "surety/result.h"
#include "surety/secret_bytes.h"
#include "surety/workload_client.h"

namespace surety {

/// One WIT-SVID whose parts are known to belong together.
struct CheckedWit {
  std::string spiffe_id;
  std::string hint;
  std::string token;
  SecretBytes key_jwk;
  std::string key_algorithm;  ///< "ES256".
  WallTime expires_at;
};

/// Checks what a client must before it uses a WIT-SVID: three parts, of type wit+jwt, with a
/// "kid", of this SPIFFE ID, with an end and no audience, and with the public half of the
/// key (WIT-SVID.md sections 2 and 3). The signature is for whoever verifies a peer, and is
/// not looked at. kDataLoss says what is wrong. `given` is foreign bytes.
Result<CheckedWit> CheckWit(DeliveredWit given);

}  // namespace surety
