#include <dirent.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <system_error>

#include "agent/doctor/checks.h"
#include "agent/record/audit_chain.h"
#include "agent/record/audit_verify.h"
#include "agent/record/log_cursor.h"

namespace surety {
namespace {

constexpr std::uintmax_t kReadWhole = std::uintmax_t{64} << 20;
constexpr const char* kKeep =
    "keep a copy of the folder and find out who or what wrote to it: surety audit verify names "
    "every place; the daemon goes on after the last good line by itself";

std::uintmax_t SizeOf(const std::string& folder) {
  std::uintmax_t size = 0;
  std::error_code failed;
  for (std::filesystem::directory_iterator at(folder, failed);
       !failed && at != std::filesystem::directory_iterator(); at.increment(failed)) {
    std::error_code gone;
    const std::uintmax_t one = at->file_size(gone);
    if (!gone) size += one;
  }
  return size;
}

/// What was found broken: the first place, and how many there are.
struct Breaks {
  std::optional<AuditBreak> first;
  std::uint64_t count = 0;
  void Add(const AuditBreak& one) {
    if (!first) first = one;
    ++count;
  }
};

std::string BreaksText(const Breaks& breaks) {
  std::string text = "it is not what was written: ";
  if (!breaks.first->segment.empty()) text += breaks.first->segment + ": ";
  if (breaks.first->line != 0) text += "line " + std::to_string(breaks.first->line) + ": ";
  text += breaks.first->what;
  if (breaks.count > 1) text += ", and " + std::to_string(breaks.count - 1) + " more places";
  return text;
}

// The newest segment alone, by its chain.
Result<void> ReadLastSegment(const std::string& folder, const AuditChain::OnBreak& on_break) {
  const auto dir = OpenLogFolder(folder);
  if (!dir) return dir.error();
  auto hasher = AuditHasher::Create();
  if (!hasher) return hasher.error();
  AuditChain chain(*std::move(hasher), on_break);
  LogCursor cursor(dir->get(), folder, UINT64_MAX);
  while (true) {
    const auto item = cursor.Next();
    if (!item) return item.error();
    if (!*item) return {};
    if ((*item)->begins_segment) chain.BeginSegment(cursor.segment());
    if (const auto taken = chain.Take((*item)->line); !taken) return taken.error();
  }
}

Result<std::string> ReadLog(const std::string& folder, Breaks& breaks) {
  const auto on_break = [&breaks](const AuditBreak& one) { breaks.Add(one); };
  if (SizeOf(folder) > kReadWhole) {
    if (auto read = ReadLastSegment(folder, on_break); !read) return read.error();
    return std::string(
        "its newest segment is what was written; surety audit verify reads all of it");
  }
  const auto report = VerifyAudit(folder, {}, on_break);
  if (!report) return report.error();
  return std::to_string(report->lines) + " lines are what was written, " +
         std::to_string(report->checkpoints) + " signed checkpoints agree";
}

}  // namespace

Diagnosis LookAtAuditLog(const Installation& all) {
  const std::string folder = AuditFolderOf(*all.config);
  Breaks breaks;
  const auto read = ReadLog(folder, breaks);
  if (breaks.first) return {Broken("audit", BreaksText(breaks), kKeep)};
  if (read) return {Ok("audit", *read)};
  if (read.error().code() == ErrorCode::kNotFound)
    return {Warning("audit", "there is no audit log in " + folder + " yet",
                    "the daemon begins it at its first start")};
  return {Broken("audit", read.error().Text(), "run this as root; else see to the disk")};
}

}  // namespace surety
