#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/record/audit_file.h"
#include "tests/fakes/made_event.h"
#include "tests/unit/command/scratch_folder.h"

namespace spdlog {
class logger;
}

namespace surety {

/// 2026-01-01 00:00:00 UTC on the wall, an hour after boot; and that much later.
Moment Start();
Moment After(BootClock::duration time);

/// A log in `folder` that begins segments and checkpoints when the test says so.
AuditFileOptions OptionsFor(const std::string& folder);

/// The log, opened; fails the test and ends the program if it cannot be.
std::unique_ptr<AuditFile> MustOpen(AuditFileOptions options, Moment now = Start());
std::unique_ptr<AuditFile> MustOpen(AuditFileOptions options, AuditDisk& disk,
                                    Moment now = Start());

/// Writes so many decisions; returns their ids.
std::vector<std::string> WriteDecisions(AuditFile& log, int count);

/// A logger that keeps to itself.
std::shared_ptr<spdlog::logger> MakeQuietLogger();

void WriteAll(const std::string& path, const std::string& text);
std::vector<std::string> NamesIn(const std::string& folder, const std::string& prefix);
std::vector<std::string> SegmentsIn(const std::string& folder);
/// The lines of all segments, in order.
std::vector<std::string> LinesIn(const std::string& folder);
/// The same, as JSON; a line that is none fails the test.
std::vector<nlohmann::json> RecordsIn(const std::string& folder);
/// Those that are notices of this kind.
std::vector<nlohmann::json> NoticesIn(const std::string& folder, const std::string& what);

}  // namespace surety
