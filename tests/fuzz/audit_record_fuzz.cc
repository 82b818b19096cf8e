#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "agent/command/record_text.h"
#include "agent/record/audit_record.h"
#include "agent/record/checkpoint.h"
#include "agent/record/json_check.h"
#include "agent/record/json_writer.h"

namespace {

// With a frame and a hash that fit, whatever is between them.
void ReadAsBody(const std::string& bytes, std::string_view type) {
  std::string line;
  static auto hasher = surety::AuditHasher::Create();
  const surety::LineHead head{.seq = 7, .prev = surety::HashText(), .type = type};
  if (!surety::AppendLine(line, head, bytes, *hasher)) return;
  line.pop_back();
  if (!surety::ReadFrame(line)) std::abort();
  if (const auto record = surety::ParseAuditRecord(line)) {
    const std::string text = surety::RecordText(*record);
    if (text.find('\n') != std::string::npos || text.find('\x1b') != std::string::npos)
      std::abort();
  }
}

}  // namespace

// Whatever stands in a log: the readers come through it; what our checker takes
// others take; and what our writer writes is JSON on one line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  [[maybe_unused]] const auto line = surety::ParseAuditRecord(bytes);
  [[maybe_unused]] const auto checkpoint = surety::ParseCheckpoint(bytes);
  for (const std::string_view type : {"decision", "notice", "segment"}) ReadAsBody(bytes, type);
  if (surety::IsOneLineJsonObject(bytes) && !nlohmann::json::accept(bytes)) std::abort();

  std::string written;
  surety::JsonWriter json(written, 64);
  json.BeginObject();
  json.Key(bytes).Text(bytes);
  json.Key("whole").WholeText(bytes);
  json.EndObject();
  if (!surety::IsOneLineJsonObject(written)) std::abort();
  return 0;
}
