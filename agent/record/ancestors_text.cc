#include "agent/record/ancestors_text.h"

#include <cstdint>

#include "agent/record/text_list.h"

namespace surety {
namespace {

constexpr std::size_t kFields = 4;

Result<Ancestor> ReadOne(const std::string* fields) {
  const auto pid = ReadNumber<std::int32_t>(fields[0]);
  const auto ticks = ReadNumber<std::uint64_t>(fields[1]);
  const auto uid = ReadNumber<std::uint32_t>(fields[2]);
  if (!pid || !ticks || !uid) return Error(ErrorCode::kDataLoss, "a stored ancestor is damaged");
  return Ancestor{.key = {*pid, *ticks}, .uid = *uid, .name = fields[3]};
}

}  // namespace

std::string WriteAncestors(const std::vector<Ancestor>& ancestors) {
  std::vector<std::string> fields;
  for (const Ancestor& one : ancestors) {
    fields.push_back(std::to_string(one.key.pid));
    fields.push_back(std::to_string(one.key.start_ticks));
    fields.push_back(std::to_string(one.uid));
    fields.push_back(one.name);
  }
  return WriteTextList(fields);
}

Result<std::vector<Ancestor>> ReadAncestors(std::string_view text) {
  const auto fields = ReadTextList(text);
  if (!fields) return fields.error();
  if (fields->size() % kFields != 0)
    return Error(ErrorCode::kDataLoss, "a stored ancestor is damaged");
  std::vector<Ancestor> ancestors;
  for (std::size_t at = 0; at < fields->size(); at += kFields) {
    auto one = ReadOne(fields->data() + at);
    if (!one) return one.error();
    ancestors.push_back(std::move(*one));
  }
  return ancestors;
}

}  // namespace surety
