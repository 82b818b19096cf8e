#include "workload_api/secret_exchange.h"

#include <utility>

namespace surety {

SecretExchange::Heard SecretExchange::Hear(const SecretRequest& request) {
  // Who answers an older response is about to see a newer, and will say all of it again.
  if (sent_ > 0 && request.nonce != std::to_string(sent_)) return {.stale = true};
  Heard heard{.refused = sent_ > 0 && request.error.has_value()};
  heard.asks = !std::exchange(begun_, true) || request.demand != demand_;
  if (!heard.asks) return heard;
  demand_ = request.demand;
  owed_ = true;
  return heard;
}

bool SecretExchange::IsDue(const ChosenSecrets& secrets) const { return owed_ || last_ != secrets; }

std::string SecretExchange::Send(ChosenSecrets secrets) {
  last_ = std::move(secrets);
  owed_ = false;
  return std::to_string(++sent_);
}

}  // namespace surety
