#include "agent/record/audit_chain.h"

#include <utility>

#include "agent/record/audit_names.h"

namespace surety {
namespace {

std::string Range(std::uint64_t first, std::uint64_t last) {
  if (first == last) return "line " + std::to_string(first) + " is";
  return "lines " + std::to_string(first) + " to " + std::to_string(last) + " are";
}

}  // namespace

void AuditChain::BeginSegment(const std::string& name) {
  previous_ = std::exchange(segment_, name);
  line_ = 0;
}

void AuditChain::Break(std::uint64_t seq, std::string what) {
  on_break_({.segment = segment_, .line = line_, .seq = seq, .what = std::move(what)});
}

Result<std::optional<LineFrame>> AuditChain::Take(const LineReader::Line& line) {
  line_ = line.number;
  const auto frame = line.too_long ? std::nullopt : ReadFrame(line.text);
  HashText is;
  if (frame) {
    auto hash = hasher_.OfLine(frame->before_hash);
    if (!hash) return hash.error();
    is = *hash;
  }
  if (!frame || is.view() != frame->hash) {
    JudgeDamaged(frame, is);
    return std::optional<LineFrame>();
  }
  const auto header = ParseSegmentHeader(line.text);
  if (line_ == 1 && !header) Break(frame->seq, "the segment does not begin with its header");
  if (line_ != 1 && frame->type == kSegmentLine) {
    Break(frame->seq, "a segment's header stands in the middle of one");
  }
  if (line_ == 1 && header) {
    JudgeHeader(*header, *frame);
  } else {
    JudgePlace(*frame);
  }
  return frame;
}

void AuditChain::JudgeDamaged(const std::optional<LineFrame>& frame, const HashText& is) {
  const std::uint64_t seq = first_seq_ == 0 ? FirstSeqOf(segment_).value_or(1) : end_.seq + 1;
  Break(seq, frame ? "the line was changed: its hash does not fit what is in it"
                   : "this is no line of the log: damaged, or written by something else");
  if (first_seq_ == 0) first_seq_ = seq;
  end_.seq = seq;
  resync_ = !frame;
  or_else_.reset();
  if (frame) {
    end_.hash = HashText(frame->hash);
    or_else_ = is;
  }
}

void AuditChain::JudgePlace(const LineFrame& frame) {
  const ChainPoint here{frame.seq, HashText(frame.hash)};
  if (first_seq_ == 0) {
    first_seq_ = frame.seq;
    if (frame.seq == 1 && HashText(frame.prev) != HashText())
      Break(1, "the first line names one before it");
    end_ = here;
    return;
  }
  const std::uint64_t expected = end_.seq + 1;
  if (frame.seq < expected) {
    Break(frame.seq, "the line stands out of order, or was put in: line " +
                         std::to_string(expected) + " belongs here");
    return;  // Those before it still are what the next one follows.
  }
  if (frame.seq > expected) {
    Break(expected, Range(expected, frame.seq - 1) + " missing before this line");
  } else if (!resync_ && HashText(frame.prev) != end_.hash &&
             (!or_else_ || HashText(frame.prev) != *or_else_)) {
    Break(frame.seq, "the line does not follow from the one before: one of them was replaced");
  }
  end_ = here;
  resync_ = false;
  or_else_.reset();
}

void AuditChain::JudgeHeader(const SegmentHeader& header, const LineFrame& frame) {
  if (header.segment != segment_ || SegmentName(frame.seq) != segment_)
    Break(frame.seq, "the file is not the segment that its header names, " + header.segment);
  if (!log_.empty() && header.log != log_)
    Break(frame.seq, "the segment is of another log, " + header.log);
  log_ = header.log;
  const bool follows = first_seq_ == 0 || header.previous == previous_;
  if (!follows) {
    const std::uint64_t expected = end_.seq + 1;
    const std::string which =
        header.previous.empty() ? "the log begins anew" : header.previous + " is missing";
    Break(expected,
          frame.seq > expected ? which + ": " + Range(expected, frame.seq - 1) + " gone" : which);
    end_ = {frame.seq, HashText(frame.hash)};
    resync_ = false;
    or_else_.reset();
    return;
  }
  JudgePlace(frame);
}

void AuditChain::EndSegment(std::uint64_t unfinished) {
  if (unfinished == 0) return;
  ++line_;
  Break(end_.seq + 1, "the line is cut off after " + std::to_string(unfinished) + " bytes");
}

}  // namespace surety
