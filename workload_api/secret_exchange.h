#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "workload_api/secret_selection.h"

namespace surety {

/// One request of a stream of secrets.
struct SecretRequest {
  SecretDemand demand;
  std::string nonce = {};                 ///< Of the response that it answers; empty: of none.
  std::optional<std::string> error = {};  ///< Why that response was not taken.
};

/// Who has said what on one stream of secrets: the xDS protocol's state-of-the-world
/// variant (envoyproxy.io, "xDS REST and gRPC protocol"). Not thread-safe.
class SecretExchange {
 public:
  struct Heard {
    bool stale = false;    ///< Answers a response that is not the last: says nothing.
    bool refused = false;  ///< The last response was not taken. It is not sent again.
    bool asks = false;     ///< Is to be answered: the first, or one with other names.
  };
  Heard Hear(const SecretRequest& request);

  /// What was asked for last.
  [[nodiscard]] const SecretDemand& demand() const { return demand_; }
  /// A request waits for its response.
  [[nodiscard]] bool owed() const { return owed_; }
  /// Whether these are to be sent: they are waited for, or differ from the last ones.
  [[nodiscard]] bool IsDue(const ChosenSecrets& secrets) const;
  /// They are sent; gives the nonce to send with them.
  std::string Send(ChosenSecrets secrets);

 private:
  SecretDemand demand_;
  bool begun_ = false;
  bool owed_ = false;
  std::optional<ChosenSecrets> last_;
  std::uint64_t sent_ = 0;
};

}  // namespace surety
