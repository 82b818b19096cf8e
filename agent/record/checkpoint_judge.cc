#include "agent/record/checkpoint_judge.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "agent/record/audit_names.h"
#include "agent/record/checkpoint_file.h"

namespace surety {

Result<CheckpointJudge> CheckpointJudge::Open(int dir, const std::string& path,
                                              std::optional<CheckpointPublicKey> only,
                                              AuditChain::OnBreak on_break) {
  auto keys = only ? Result(std::vector{*std::move(only)}) : LoadPublicKeys(dir, path);
  if (!keys) return keys.error();
  CheckpointJudge judge(*std::move(keys), std::move(on_break));
  auto file = OpenForReading(dir, path, kCheckpointsFile);
  if (!file && file.error().code() == ErrorCode::kNotFound) return judge;
  if (!file) return file.error();
  struct stat status {};
  if (::fstat(file->get(), &status) != 0)
    return Error(ErrorCode::kUnavailable, path + "/" + kCheckpointsFile + " cannot be looked at");
  judge.file_ = *std::move(file);
  judge.lines_ =
      std::make_unique<LineReader>(judge.file_.get(), path + "/" + kCheckpointsFile,
                                   static_cast<std::uint64_t>(status.st_size), kLongestCheckpoint);
  if (auto fetched = judge.FetchNext(); !fetched) return fetched.error();
  return judge;
}

std::string CheckpointJudge::Name(const std::string& from, std::uint64_t line) {
  return line == 0 ? "the checkpoint of " + from : "the checkpoint";
}

void CheckpointJudge::Break(const Waiting& waiting, std::string what) {
  on_break_({.segment = waiting.line == 0 ? waiting.from : kCheckpointsFile,
             .line = waiting.line,
             .seq = waiting.checkpoint.point.seq,
             .what = std::move(what)});
}

std::optional<CheckpointJudge::Waiting> CheckpointJudge::Judged(const std::string& text,
                                                                const std::string& from,
                                                                std::uint64_t line) {
  Waiting waiting{.checkpoint = {}, .from = from, .line = line};
  auto read = ParseCheckpoint(text);
  if (!read) {
    Break(waiting, Name(from, line) + " is damaged: it is not what Surety writes");
    return std::nullopt;
  }
  waiting.checkpoint = *std::move(read);
  const auto key =
      std::ranges::find(keys_, waiting.checkpoint.key, [](const auto& one) { return one.id(); });
  if (key == keys_.end()) {
    Break(waiting, Name(from, line) + " is signed by a key that is not known here, " +
                       waiting.checkpoint.key.substr(0, 16));
    return std::nullopt;
  }
  if (!IsSignedBy(*key, text)) {
    Break(waiting, Name(from, line) + " was changed: its signature does not fit");
    return std::nullopt;
  }
  return waiting;
}

void CheckpointJudge::Keep(const KeptCheckpoint& kept) {
  auto waiting = Judged(kept.text, kept.from, 0);
  if (!waiting) return;
  elsewhere_.push_back(*std::move(waiting));
  std::ranges::sort(elsewhere_, std::greater(),
                    [](const Waiting& one) { return one.checkpoint.point.seq; });
}

Result<void> CheckpointJudge::FetchNext() {
  next_.reset();
  while (lines_ && !next_) {
    const auto line = lines_->Next();
    if (!line) return line.error();
    if (!*line) {
      if (lines_->unfinished() > 0) {
        on_break_({.segment = kCheckpointsFile, .what = "the last checkpoint is cut off"});
      }
      lines_.reset();
      return {};
    }
    auto waiting = Judged(std::string((*line)->text), kCheckpointsFile, (*line)->number);
    if (waiting && waiting->checkpoint.point.seq <= highest_) {
      Break(*waiting, "the checkpoint stands out of order");
      continue;
    }
    if (waiting) highest_ = waiting->checkpoint.point.seq;
    next_ = std::move(waiting);
  }
  return {};
}

Result<void> CheckpointJudge::Line(std::uint64_t seq, std::optional<HashText> hash) {
  while (next_ && next_->checkpoint.point.seq <= seq) {
    Compare(*next_, seq, hash);
    if (auto fetched = FetchNext(); !fetched) return fetched;
  }
  while (!elsewhere_.empty() && elsewhere_.back().checkpoint.point.seq <= seq) {
    Compare(elsewhere_.back(), seq, hash);
    elsewhere_.pop_back();
  }
  return {};
}

// Of a line that is not there nothing is said: the chain tells of missing ones,
// and those that were removed as too old are none.
void CheckpointJudge::Compare(const Waiting& waiting, std::uint64_t seq,
                              const std::optional<HashText>& hash) {
  if (waiting.checkpoint.point.seq != seq || !hash) return;
  if (waiting.checkpoint.point.hash == *hash) {
    ++agreed_;
    last_agreed_ = std::max(last_agreed_, seq);
    return;
  }
  const std::string since = last_agreed_ == 0 ? "no checkpoint before agrees"
                                              : "the last one that agrees is that of line " +
                                                    std::to_string(last_agreed_);
  Break(waiting, "line " + std::to_string(seq) + " is not the one that " +
                     Name(waiting.from, waiting.line) + " names: the log was written anew; " +
                     since);
}

Result<void> CheckpointJudge::End(const std::string& log, std::uint64_t last_seq) {
  std::optional<Waiting> last;
  while (next_) {
    last = next_;
    if (auto fetched = FetchNext(); !fetched) return fetched;
  }
  if (last) Missed(*last, log, last_seq);
  for (const Waiting& one : elsewhere_) Missed(one, log, last_seq);
  elsewhere_.clear();
  return {};
}

void CheckpointJudge::Missed(const Waiting& waiting, const std::string& log,
                             std::uint64_t last_seq) {
  const std::string seq = std::to_string(waiting.checkpoint.point.seq);
  if (log.empty()) {
    Break(waiting, "the log is gone: " + Name(waiting.from, waiting.line) + " names line " + seq);
    return;
  }
  if (waiting.checkpoint.log != log) {
    Break(waiting,
          Name(waiting.from, waiting.line) + " is of another log, " + waiting.checkpoint.log);
    return;
  }
  Break(waiting, "the end of the log is missing: the last line is " + std::to_string(last_seq) +
                     ", and " + Name(waiting.from, waiting.line) + " names line " + seq);
}

}  // namespace surety
