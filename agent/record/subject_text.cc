#include "agent/record/subject_text.h"

#include <cstdint>

#include "agent/record/text_list.h"

namespace surety {

Result<void> ReadSubject(std::string_view text, std::string& lineage) {
  lineage = text;
  return {};
}

Result<void> ReadSubject(std::string_view text, ProcessKey& process) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos)
    return Error(ErrorCode::kDataLoss, "the stored name of a process is damaged");
  const auto pid = ReadNumber<std::int32_t>(text.substr(0, dot));
  if (!pid) return pid.error();
  const auto ticks = ReadNumber<std::uint64_t>(text.substr(dot + 1));
  if (!ticks) return ticks.error();
  process = {*pid, *ticks};
  return {};
}

}  // namespace surety
