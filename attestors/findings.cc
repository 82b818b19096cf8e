#include "attestors/findings.h"

#include <algorithm>

namespace surety {

void Findings::Missing(std::string_view kind, const Error& why) {
  std::string full = type_ + ":" + std::string(kind);
  const auto same = [&](const MissingFact& fact) { return fact.kind == full; };
  if (std::none_of(missing_.begin(), missing_.end(), same))
    missing_.push_back({std::move(full), why});
}

Attestation Findings::Finish() && {
  std::sort(values_.begin(), values_.end());
  Attestation out;
  for (auto& value : values_) out.selectors.Insert({type_, std::move(value)});
  out.missing = std::move(missing_);
  return out;
}

}  // namespace surety
