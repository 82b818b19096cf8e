#include "agent/command/json_text.h"

#include "agent/command/time_text.h"

namespace surety {
namespace {

std::string Dump(const Json& value, int indent) {
  return value.dump(indent, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

}  // namespace

std::string JsonLine(const Json& value) { return Dump(value, -1); }

std::string JsonDocument(const Json& value) { return Dump(value, 2) + "\n"; }

Json JsonTime(const std::optional<WallTime>& time) {
  return time ? Json(Rfc3339(*time)) : Json(nullptr);
}

}  // namespace surety
