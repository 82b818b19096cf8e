#include "agent/logging.h"

#include <spdlog/details/os.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "agent/identity/one_line.h"
#include "agent/journal_sink.h"
#include "surety/log_fields.h"

namespace surety {
namespace {

std::string TimeText(spdlog::log_clock::time_point time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(time - whole).count();
  const std::tm utc = spdlog::details::os::gmtime(spdlog::log_clock::to_time_t(whole));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, millis);
}

std::string LevelText(spdlog::level::level_enum level) {
  const auto name = spdlog::level::to_string_view(level);
  return {name.data(), name.size()};
}

std::string MessageOf(const spdlog::details::log_msg& message) {
  return OneLine({message.payload.data(), message.payload.size()});
}

class TextLine final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    fmt::format_to(std::back_inserter(out), "{} {:<7} {}\n", TimeText(message.time),
                   LevelText(message.level), MessageOf(message));
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<TextLine>();
  }
};

class JsonLine final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    nlohmann::ordered_json line{{"time", TimeText(message.time)},
                                {"level", LevelText(message.level)},
                                {"message", MessageOf(message)}};
    if (const LogFields* fields = LogFieldsScope::Current())
      for (const LogField& field : *fields) line["fields"][field.name] = OneLine(field.value);
    const std::string text =
        line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    out.append(text.data(), text.data() + text.size());
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonLine>();
  }
};

spdlog::level::level_enum LevelOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarn: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

spdlog::sink_ptr SinkFor(LogFormat format) {
  if (format == LogFormat::kAuto && StandardErrorIsJournal())
    return std::make_shared<JournalSink>();
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  if (format == LogFormat::kJson)
    sink->set_formatter(std::make_unique<JsonLine>());
  else
    sink->set_formatter(std::make_unique<TextLine>());
  return sink;
}

}  // namespace

std::shared_ptr<spdlog::logger> MakeLogger(LogFormat format, LogLevel level) {
  auto logger = std::make_shared<spdlog::logger>("suretyd", SinkFor(format));
  logger->set_level(LevelOf(level));
  return logger;
}

}  // namespace surety
