#include "agent/policy/written_facts.h"

#include "agent/policy/fact_defaults.h"
#include "agent/policy/fact_shape.h"
#include "agent/policy/written_values.h"

namespace surety {

std::optional<std::string> FactsFrom(const WrittenValues& written, FileDiagnostics& diagnostics) {
  if (!FitsShape(written, diagnostics)) return std::nullopt;
  using Json = nlohmann::ordered_json;
  return CompletedFacts(written.values).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<std::string> ReadFacts(std::string_view text, FileDiagnostics& diagnostics) {
  const auto written = ReadValues(text, diagnostics);
  return written ? FactsFrom(*written, diagnostics) : std::nullopt;
}

}  // namespace surety
