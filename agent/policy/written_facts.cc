#include "agent/policy/written_facts.h"

#include "agent/policy/fact_defaults.h"
#include "agent/policy/fact_shape.h"

namespace surety {

std::optional<std::string> FactsFrom(const WrittenValues& written, FileDiagnostics& diagnostics) {
  if (!FitsShape(written, diagnostics)) return std::nullopt;
  using Json = nlohmann::ordered_json;
  return CompletedFacts(written.values).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace surety
