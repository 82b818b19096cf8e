#include "tests/unit/record/record_support.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <utility>

namespace surety {

Moment Start() {
  return {.boot = BootTime(Seconds(3'600)), .wall = WallTime(Seconds(1'767'225'600))};
}

Moment After(BootClock::duration time) {
  return {.boot = Start().boot + time, .wall = Start().wall + time};
}

AuditFileOptions OptionsFor(const std::string& folder) {
  AuditFileOptions options;
  options.folder = folder;
  options.boot_id = "11111111-2222-3333-4444-555555555555";
  return options;
}

std::unique_ptr<AuditFile> MustOpen(AuditFileOptions options, AuditDisk& disk, Moment now) {
  auto opened = AuditFile::Open(std::move(options), now, disk);
  if (!opened) {
    ADD_FAILURE() << opened.error().Text();
    std::abort();
  }
  return *std::move(opened);
}

std::unique_ptr<AuditFile> MustOpen(AuditFileOptions options, Moment now) {
  static AuditDisk disk;
  return MustOpen(std::move(options), disk, now);
}

std::vector<std::string> WriteDecisions(AuditFile& log, int count) {
  const MadeEvent made = FirstIssue();
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i) {
    auto written = log.Write(made.event());
    EXPECT_TRUE(written) << written.error().Text();
    if (written) ids.push_back(*std::move(written));
  }
  return ids;
}

std::shared_ptr<spdlog::logger> MakeQuietLogger() {
  return std::make_shared<spdlog::logger>("quiet", std::make_shared<spdlog::sinks::null_sink_mt>());
}

void WriteAll(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
}

std::vector<std::string> NamesIn(const std::string& folder, const std::string& prefix) {
  std::vector<std::string> names;
  for (const auto& item : std::filesystem::directory_iterator(folder)) {
    const std::string name = item.path().filename();
    if (name.starts_with(prefix)) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> SegmentsIn(const std::string& folder) {
  auto names = NamesIn(folder, "audit-");
  std::erase_if(names, [](const std::string& name) { return !name.ends_with(".jsonl"); });
  return names;
}

std::vector<std::string> LinesIn(const std::string& folder) {
  std::vector<std::string> lines;
  for (const std::string& name : SegmentsIn(folder)) {
    std::istringstream text(ReadAll(folder + "/" + name));
    for (std::string line; std::getline(text, line);) lines.push_back(line);
  }
  return lines;
}

std::vector<nlohmann::json> RecordsIn(const std::string& folder) {
  std::vector<nlohmann::json> records;
  for (const std::string& line : LinesIn(folder)) {
    records.push_back(nlohmann::json::parse(line, nullptr, false));
    EXPECT_TRUE(records.back().is_object()) << line;
  }
  return records;
}

std::vector<nlohmann::json> NoticesIn(const std::string& folder, const std::string& what) {
  auto records = RecordsIn(folder);
  std::erase_if(records, [&](const nlohmann::json& one) {
    return !one.is_object() || one.value("type", "") != "notice" || one.value("what", "") != what;
  });
  return records;
}

}  // namespace surety
