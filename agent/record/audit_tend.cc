// The part of AuditFile that runs on a thread of its own.

#include <algorithm>
#include <utility>

#include "agent/record/audit_body.h"
#include "agent/record/audit_file.h"
#include "agent/record/audit_names.h"

namespace surety {

Result<void> AuditFile::Tend(Moment now) { return TendAll(now, /*finish=*/false); }

Result<void> AuditFile::Finish(Moment now) { return TendAll(now, /*finish=*/true); }

Result<void> AuditFile::TendAll(Moment now, bool finish) {
  const std::lock_guard lock(tend_mutex_);
  Result<void> first;
  const auto keep = [&first](const Result<void>& result) {
    if (first && !result) first = result;
  };
  keep(Told("untouched", CheckUntouched(now)));
  keep(Told("sync", Sync(now)));
  keep(appender_.CloseGap(now));
  if (!finish) keep(Told("rotation", Rotate(now)));
  keep(Told("checkpoint", SignCheckpoint(now, finish)));
  keep(Told("prune", Prune(now)));
  return first;
}

Result<void> AuditFile::Told(std::string_view topic, Result<void> result) {
  const std::lock_guard lock(status_mutex_);
  if (result) {
    troubles_.erase(std::string(topic));
  } else {
    troubles_.insert_or_assign(std::string(topic), "the audit log: " + result.error().Text());
  }
  return result;
}

// Somebody who empties, extends or removes the file (a log rotation that was not
// told of ours) would otherwise be seen by nobody until the next verification.
Result<void> AuditFile::CheckUntouched(Moment now) {
  const auto found = appender_.FoundOtherwise();
  if (!found) return {};
  const auto state = appender_.Now();
  if (auto started = appender_.StartSegment(0, now); !started) return started;
  folder_synced_ = false;
  return Note({.at = now,
               .what = "audit.touched",
               .severity = NoticeSeverity::kHigh,
               .details = {{"segment", state.segment},
                           {"size", std::to_string(found->size)},
                           {"expected", std::to_string(found->expected)},
                           {"links", std::to_string(found->links)}}});
}

Result<void> AuditFile::Sync(Moment now) {
  const auto state = appender_.Now();
  if (folder_synced_ && state.end == synced_ && !state.blocked) return {};
  auto synced = folder_.disk().Sync(state.file, folder_.PathOf(state.segment));
  if (synced && !folder_synced_) synced = folder_.disk().Sync(folder_.dir(), folder_.path());
  if (!synced) {
    appender_.Block(synced.error());
    return synced;
  }
  folder_synced_ = true;
  const auto unsure = std::min(std::exchange(synced_, state.end).seq + 1, state.end.seq);
  {
    const std::lock_guard lock(status_mutex_);
    synced_seq_ = state.end.seq;
  }
  if (!state.blocked) return {};
  // The kernel tells of a write that failed once, and then takes it for done.
  appender_.Block(std::nullopt);
  return Note({.at = now,
               .what = "audit.sync_failed",
               .severity = NoticeSeverity::kHigh,
               .details = {{"from", std::to_string(unsure)},
                           {"to", std::to_string(state.end.seq)},
                           {"why", "these lines may be missing if the machine loses power"}}});
}

Result<void> AuditFile::Rotate(Moment now) {
  if (appender_.Now().size < options_.segment_bytes) return {};
  if (auto started = appender_.StartSegment(0, now); !started)
    return started.error().Within("beginning a new segment");
  folder_synced_ = false;
  prune_due_ = true;
  if (auto synced = Sync(now); !synced) return synced;
  return SignCheckpoint(now, /*finish=*/true);
}

Result<void> AuditFile::SignCheckpoint(Moment now, bool finish) {
  const std::uint64_t lines = synced_.seq - std::min(synced_.seq, checkpoint_.seq);
  const bool due = finish || lines >= options_.checkpoint_records ||
                   now.boot - checkpoint_at_ >= options_.checkpoint_interval;
  if (lines == 0 || !due) return {};
  const auto text = PrintCheckpoint(appender_.names().log, synced_, now.wall, key_);
  if (!text) return text.error();
  if (auto added = checkpoints_.Append(folder_, *text); !added)
    return added.error().Within("writing a checkpoint");
  checkpoint_ = synced_;
  checkpoint_at_ = now.boot;
  {
    const std::lock_guard lock(status_mutex_);
    checkpoint_seq_ = checkpoint_.seq;
  }
  if (options_.on_checkpoint) options_.on_checkpoint(*text);
  return {};
}

Result<void> AuditFile::Prune(Moment now) {
  if (!prune_due_ || options_.keep_segments == 0) return {};
  auto segments = folder_.Segments();
  if (!segments) return segments.error();
  if (segments->size() > options_.keep_segments) {
    const std::size_t surplus = segments->size() - options_.keep_segments;
    const std::uint64_t first_kept = FirstSeqOf(segments->at(surplus)).value_or(1);
    // First, and on the disk: what is missing later is then known to be missing.
    auto noted = Note({.at = now,
                       .what = "audit.pruned",
                       .severity = NoticeSeverity::kInfo,
                       .details = {{"up_to", std::to_string(first_kept - 1)},
                                   {"oldest", segments->at(surplus)},
                                   {"removed", std::to_string(surplus)}}});
    if (noted) noted = Sync(now);
    if (!noted) return noted;
    segments->resize(surplus);
    if (auto forgotten = Forget(*segments, first_kept); !forgotten) return forgotten;
  }
  prune_due_ = false;
  return {};
}

Result<void> AuditFile::Forget(const std::vector<std::string>& segments, std::uint64_t first_kept) {
  for (const std::string& segment : segments) {
    auto removed = folder_.disk().Remove(folder_.dir(), segment);
    if (!removed) return removed.error().Within(folder_.path());
  }
  return checkpoints_.DropBefore(folder_, first_kept);
}

}  // namespace surety
