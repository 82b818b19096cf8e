#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "surety/result.h"
#include "surety/secret_bytes.h"

namespace surety {

/// One identity as it came over the wire, unchecked: whoever uses it parses it.
struct DeliveredSvid {
  std::string spiffe_id;
  std::string chain_der;   ///< Concatenated DER certificates, leaf first.
  SecretBytes key_der;     ///< PKCS#8, unencrypted.
  std::string bundle_der;  ///< Concatenated DER authorities of the SVID's own trust domain.
  std::string hint;        ///< Empty if the entry has none.
};

/// One message of the X.509 profile (SPIFFE_Workload_API.md section 5.2.1). It
/// is the full set: what is absent has been withdrawn (section 4.4).
struct WorkloadUpdate {
  std::vector<DeliveredSvid> svids;                      ///< The default identity first.
  std::map<std::string, std::string> federated_bundles;  ///< "spiffe://td" -> concatenated DER.
  std::vector<std::string> crls;                         ///< DER.
};

/// One token as it came over the wire, unchecked.
struct DeliveredToken {
  std::string spiffe_id;
  SecretBytes token;
  std::string hint;
};

/// One WIT-SVID as it came over the wire, unchecked.
struct DeliveredWit {
  std::string spiffe_id;
  std::string token;
  SecretBytes key_jwk;  ///< The private key as a JWK (RFC 7517).
  std::string hint;
};

/// What is asked for with FetchJWTSVID. As it is sent: the daemon judges it.
struct TokenDemand {
  std::vector<std::string> audiences;
  std::string spiffe_id{};  ///< Empty: every identity of the caller's.
};

/// What the daemon says of a token that it believes.
struct BelievedToken {
  std::string spiffe_id;
  std::string claims;  ///< A JSON object.
};

/// The workload's side of the Workload API. Thread-safe.
/// Over gRPC: workload_api/client/grpc_workload_client.h. Tests:
/// tests/fakes/fake_workload_client.h.
///
/// Errors of all calls carry what the daemon said:
///   kPermissionDenied   it answered, and the caller has no identity;
///   kInvalidArgument    it answered, and the request was wrong: do not ask again;
///   kUnavailable        no daemon there, or not now; the message says which;
///   kDeadline           no answer in time;
///   kNotFound           something answers there that is no Workload API.
class WorkloadClient {
 public:
  virtual ~WorkloadClient() = default;

  /// The first message of one FetchX509SVID call, which is then ended.
  virtual Result<WorkloadUpdate> FetchX509(std::chrono::milliseconds timeout) = 0;

  /// One FetchJWTSVID call.
  virtual Result<std::vector<DeliveredToken>> FetchJwt(const TokenDemand& demand,
                                                       std::chrono::milliseconds timeout) = 0;

  /// The first message of one FetchWITSVID call, which is then ended. `spiffe_id` empty:
  /// every identity of the caller's. kNotFound also where that profile is off.
  virtual Result<std::vector<DeliveredWit>> FetchWit(const std::string& spiffe_id,
                                                     std::chrono::milliseconds timeout) = 0;

  /// One ValidateJWTSVID call. kInvalidArgument: the token is not to be believed, and why.
  virtual Result<BelievedToken> ValidateJwt(const std::string& audience, const std::string& token,
                                            std::chrono::milliseconds timeout) = 0;

  /// Makes one FetchX509SVID call over a connection of its own and hands every
  /// message to `take`, on the calling thread, until the call ends. Returns why
  /// it ended; kUnavailable also when it was `stop` that ended it.
  virtual Error WatchX509(const std::function<void(WorkloadUpdate)>& take,
                          const std::stop_token& stop) = 0;
};

}  // namespace surety
