#include "agent/journal_sink.h"

#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "agent/identity/one_line.h"
#include "surety/log_fields.h"

namespace surety {
namespace {

int PriorityOf(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
    case spdlog::level::debug: return LOG_DEBUG;
    case spdlog::level::warn: return LOG_WARNING;
    case spdlog::level::err: return LOG_ERR;
    case spdlog::level::critical: return LOG_CRIT;
    default: return LOG_INFO;
  }
}

// As systemd.journal-fields(7) has them: upper case, digits and underscores.
std::string JournalName(std::string_view name) {
  std::string out = "SURETY_";
  for (const char letter : name) {
    const bool small = letter >= 'a' && letter <= 'z';
    const bool digit = letter >= '0' && letter <= '9';
    out += small ? static_cast<char>(letter - 'a' + 'A') : digit ? letter : '_';
  }
  return out;
}

std::vector<std::string> EntryOf(const spdlog::details::log_msg& message) {
  std::vector<std::string> entry{
      "MESSAGE=" + OneLine({message.payload.data(), message.payload.size()}),
      "PRIORITY=" + std::to_string(PriorityOf(message.level)), "SYSLOG_IDENTIFIER=suretyd"};
  if (const LogFields* fields = LogFieldsScope::Current())
    for (const LogField& field : *fields)
      entry.push_back(JournalName(field.name) + "=" + OneLine(field.value));
  return entry;
}

}  // namespace

bool StandardErrorIsJournal() {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat standard_error {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &standard_error) != 0) return false;
  return std::to_string(standard_error.st_dev) + ":" + std::to_string(standard_error.st_ino) ==
         stream;
}

void JournalSink::sink_it_(const spdlog::details::log_msg& message) {
  std::vector<std::string> entry = EntryOf(message);
  std::vector<iovec> parts;
  parts.reserve(entry.size());
  for (std::string& line : entry) parts.push_back({line.data(), line.size()});
  if (::sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) >= 0) return;
  const std::string text = OneLine({message.payload.data(), message.payload.size()}) + "\n";
  const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  static_cast<void>(written);  // There is nobody left to tell.
}

}  // namespace surety
