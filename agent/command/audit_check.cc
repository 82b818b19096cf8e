#include "agent/command/audit_check.h"

#include <sstream>
#include <utility>

#include "agent/command/input_file.h"
#include "agent/command/json_text.h"
#include "agent/record/audit_verify.h"
#include "attestors/printable.h"

namespace surety {
namespace {

constexpr std::size_t kMostShown = 100;

Result<AuditVerifyOptions> OptionsOf(const AuditVerifyFlags& flags) {
  AuditVerifyOptions options;
  if (flags.checkpoint_file) {
    const auto text = ReadInputFile(*flags.checkpoint_file);
    if (!text) return text.error().Within("--checkpoint");
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
      if (line.find_first_not_of(" \t\r") != std::string::npos)
        options.checkpoints.push_back({.text = line, .from = Printable(*flags.checkpoint_file)});
    }
    if (options.checkpoints.empty())
      return Error(ErrorCode::kInvalidArgument,
                   "there is no checkpoint in " + Printable(*flags.checkpoint_file));
  }
  if (flags.key_file) {
    const auto pem = ReadInputFile(*flags.key_file);
    if (!pem) return pem.error().Within("--key");
    auto key = CheckpointPublicKey::ParsePem(*pem);
    if (!key) return key.error().Within("--key " + Printable(*flags.key_file));
    options.key = *std::move(key);
  }
  return options;
}

std::string PlaceOf(const AuditBreak& one) {
  std::string place = one.segment.empty() ? "the log" : Printable(one.segment);
  if (one.line != 0) place += " line " + std::to_string(one.line);
  if (one.seq != 0) place += " (seq " + std::to_string(one.seq) + ")";
  return place;
}

void PrintReport(const AuditVerifyReport& report, std::ostream& out) {
  if (report.breaks > kMostShown) out << "… and " << report.breaks - kMostShown << " more\n";
  if (report.unfinished > 0)
    out << "note: the last line ends after " << report.unfinished
        << " bytes, where the daemon died; nothing came of it, and the next start moves it aside\n";
  out << "log " << report.log << ": lines " << report.first_seq << " to " << report.last_seq
      << " in " << report.segments << (report.segments == 1 ? " segment" : " segments");
  if (report.pruned_up_to > 0)
    out << ", those up to " << report.pruned_up_to << " removed as too old";
  out << "; ";
  if (report.checkpoints == 0) {
    out << "no checkpoint";
  } else {
    out << report.checkpoints
        << (report.checkpoints == 1 ? " checkpoint agrees" : " checkpoints agree")
        << ", the last of them with line " << report.last_checkpoint;
  }
  out << (report.intact() ? "\nintact\n" : "\nbroken\n");
}

Json JsonOf(const AuditBreak& one) {
  return {{"segment", one.segment}, {"line", one.line}, {"seq", one.seq}, {"what", one.what}};
}

Json JsonOf(const AuditVerifyReport& report, Json breaks) {
  return {{"intact", report.intact()},
          {"log", report.log},
          {"segments", report.segments},
          {"lines", report.lines},
          {"first_seq", report.first_seq},
          {"last_seq", report.last_seq},
          {"pruned_up_to", report.pruned_up_to},
          {"checkpoints", report.checkpoints},
          {"last_checkpoint", report.last_checkpoint},
          {"unfinished_bytes", report.unfinished},
          {"breaks_total", report.breaks},
          {"breaks", std::move(breaks)}};
}

}  // namespace

Result<void> CheckAuditLog(const AuditVerifyFlags& flags, const std::string& folder,
                           std::ostream& out) {
  const auto options = OptionsOf(flags);
  if (!options) return options.error();
  const bool json = flags.output == OutputFormat::kJson;
  Json breaks = Json::array();
  std::size_t shown = 0;
  const auto report = VerifyAudit(folder, *options, [&](const AuditBreak& one) {
    if (shown++ >= kMostShown) return;
    if (json) {
      breaks.push_back(JsonOf(one));
    } else {
      out << PlaceOf(one) << ": " << Printable(one.what) << "\n";
    }
  });
  if (!report) return report.error();
  if (json) {
    out << JsonDocument(JsonOf(*report, std::move(breaks)));
  } else {
    PrintReport(*report, out);
  }
  if (report->intact()) return {};
  return Error(ErrorCode::kDataLoss,
               "the audit log in " + Printable(folder) + " is not what was written, at " +
                   std::to_string(report->breaks) + (report->breaks == 1 ? " place" : " places") +
                   ": keep a copy of the folder before anything else");
}

}  // namespace surety
