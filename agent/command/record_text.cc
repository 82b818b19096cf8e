#include "agent/command/record_text.h"

#include <algorithm>

#include "agent/record/record_words.h"
#include "agent/record/rfc3339.h"
#include "attestors/printable.h"

namespace surety {
namespace {

std::string DecisionText(const RecordedDecision& decision) {
  std::string text(WordOf(decision.verdict));
  text.append(" ").append(WordOf(decision.action));
  text += "  " + SpiffeIdsText(decision);
  text += "  " + Printable(decision.reason);
  text += "  pid " + std::to_string(decision.process.key.pid) + " uid " +
          std::to_string(decision.process.uid) + " " + Printable(decision.process.path);
  if (!decision.drift_kinds.empty()) text += "  drift " + Printable(Joined(decision.drift_kinds));
  if (!decision.audiences.empty()) text += "  for " + Printable(Joined(decision.audiences));
  if (!decision.missing.empty()) text += "  missing " + Printable(Joined(decision.missing));
  for (const RecordedEntry& one : decision.entries) {
    if (one.issued && one.minted) text += "  serial " + Printable(one.issued->serial);
    if (one.token) text += "  jti " + Printable(one.token->token_id);
  }
  return text + "  " + Printable(decision.id);
}

struct ContentText {
  std::string operator()(const RecordedDecision& decision) const { return DecisionText(decision); }
  std::string operator()(const RecordedNotice& notice) const {
    return "notice " + std::string(WordOf(notice.severity)) + "  " + Printable(notice.what) + "  " +
           DetailsText(notice);
  }
  std::string operator()(const SegmentHeader& header) const {
    return "segment " + Printable(header.segment) + " begins";
  }
};

}  // namespace

std::string MillisecondText(WallTime time) {
  constexpr std::size_t kUpToMilliseconds = 23;
  std::string text;
  AppendRfc3339Nanos(text, time);
  text.resize(kUpToMilliseconds);
  return text + "Z";
}

std::string Joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text.append(text.empty() ? "" : ", ").append(item);
  return text;
}

std::string DetailsText(const RecordedNotice& notice) {
  std::string text;
  for (const auto& [name, value] : notice.details)
    text.append(text.empty() ? "" : " ").append(Printable(name) + "=" + Printable(value));
  return text;
}

std::string SpiffeIdsText(const RecordedDecision& decision) {
  std::vector<std::string> ids;
  for (const RecordedEntry& one : decision.entries) {
    const std::string id = Printable(one.spiffe_id);
    if (!id.empty() && std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
  }
  return ids.empty() ? "-" : Joined(ids);
}

std::string_view Participle(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllow: return "allowed";
    case Verdict::kRefuse: return "refused";
    case Verdict::kChallenge: return "challenged";
    case Verdict::kUndecided: return "left undecided";
  }
  return "unknown";
}

std::string RecordText(const AuditRecord& record) {
  return MillisecondText(record.at.wall) + "  " + std::visit(ContentText(), record.content);
}

}  // namespace surety
