#include "agent/command/story_text.h"

#include <algorithm>

#include "agent/command/drift_words.h"
#include "agent/command/record_text.h"
#include "agent/command/time_text.h"
#include "agent/identity/duration_text.h"
#include "agent/record/record_words.h"
#include "attestors/printable.h"

namespace surety {
namespace {

constexpr std::string_view kIndent = "    ";

std::string At(WallTime time, WallTime now) {
  return MillisecondText(time) + " (" + RelativeText(time, now) + ")";
}

std::string ExecutableOf(const RecordedProcess& process) {
  if (process.path.empty()) return "an executable that is not known";
  return (process.claimed ? "what claims to be " : "") + Printable(process.path);
}

// As it was when it was given something; what it is now is told if that differs.
void TellWho(const AuditStory& story, std::ostream& out) {
  const RecordedDecision& was = story.given ? story.given->decision : story.first.front().decision;
  const RecordedProcess& process = was.process;
  const RecordedProcess& now = story.who.process;
  out << "Process " << process.key.pid << " ran " << ExecutableOf(process) << " as uid "
      << process.uid << ", gid " << process.gid << "\n";
  if (now.path != process.path || now.uid != process.uid || now.gid != process.gid)
    out << kIndent << "last seen running " << ExecutableOf(now) << " as uid " << now.uid << ", gid "
        << now.gid << "\n";
  if (!process.sha256.empty()) out << kIndent << "SHA-256: " << Printable(process.sha256) << "\n";
  out << kIndent << "lineage: " << Printable(was.lineage) << "\n";
  if (was.ancestors.empty()) return;
  out << kIndent << "parents:";
  for (std::size_t i = 0; i < was.ancestors.size(); ++i) {
    const Ancestor& one = was.ancestors[i];
    out << (i == 0 ? " " : ", ") << Printable(one.name) << " (pid " << one.key.pid << ", uid "
        << one.uid << ")";
  }
  out << "\n";
}

void TellGiven(const AuditStory& story, WallTime now, std::ostream& out) {
  out << "\nWhat it was given\n";
  if (story.tokens > 0)
    out << kIndent << story.tokens << (story.tokens == 1 ? " token" : " tokens")
        << " (JWT-SVIDs).\n";
  if (!story.given) {
    out << kIndent << (story.tokens > 0 ? "No X.509-SVID.\n" : "Nothing: it never had an SVID.\n");
    return;
  }
  out << kIndent << At(story.given->at, now) << "\n";
  for (const RecordedEntry& one : story.given->decision.entries) {
    if (!one.issued) continue;
    out << kIndent << kIndent << Printable(one.spiffe_id) << ", by the entry "
        << Printable(one.entry) << "; serial " << Printable(one.issued->serial) << "\n";
  }
  out << kIndent << "In all " << story.minted << (story.minted == 1 ? " SVID" : " SVIDs")
      << ", the last " << At(*story.last_minted, now) << "; none was to live longer than "
      << Rfc3339(*story.valid_until) << ".\n";
}

void TellPolicies(const RecordedDecision& decision, std::ostream& out) {
  for (const RecordedEntry& one : decision.entries) {
    const std::string about = one.spiffe_id.empty() ? "" : Printable(one.spiffe_id) + " ";
    const bool says_more = decision.entries.size() > 1 || !one.policies.empty();
    if (says_more) {
      out << kIndent << kIndent << about << Participle(one.verdict) << ": "
          << Printable(one.reason);
      if (!one.policies.empty()) out << ", by policy " << Printable(Joined(one.policies));
      out << "\n";
    }
    for (const std::string& error : one.errors)
      out << kIndent << kIndent << "A policy failed, which never allows: " << Printable(error)
          << "\n";
    if (!one.observed.empty())
      out << kIndent << kIndent << "Policies that only watch: " << Printable(Joined(one.observed))
          << "\n";
  }
}

void TellTurn(const StoryTurn& turn, WallTime now, std::ostream& out) {
  const RecordedDecision& decision = turn.decision;
  out << kIndent << At(turn.at, now) << "  " << WordOf(decision.action) << " "
      << Participle(decision.verdict) << ": " << Printable(decision.reason) << "  ["
      << Printable(decision.id) << "]\n";
  for (const std::string& sentence : DriftInWords(decision.gained, decision.lost))
    out << kIndent << kIndent << sentence << "\n";
  if (decision.left_lineage)
    out << kIndent << kIndent << "It left its lineage for " << Printable(decision.lineage_now)
        << ".\n";
  if (!decision.missing.empty())
    out << kIndent << kIndent << "Could not be looked at: " << Printable(Joined(decision.missing))
        << "\n";
  if (decision.verdict != Verdict::kAllow || !decision.drift_kinds.empty())
    TellPolicies(decision, out);
  for (const std::string& sentence : ObligationsInWords(decision))
    out << kIndent << kIndent << sentence << "\n";
  if (turn.repeated > 0)
    out << kIndent << kIndent << "And the same "
        << (turn.repeated == 1 ? "once more.\n" : std::to_string(turn.repeated) + " times more.\n");
}

void TellTurns(const AuditStory& story, WallTime now, std::ostream& out) {
  out << "\nWhat was decided\n";
  for (const StoryTurn& turn : story.first) TellTurn(turn, now, out);
  if (story.left_out > 0)
    out << kIndent << "(" << story.left_out << " changes are left out here)\n";
  for (const StoryTurn& turn : story.last) TellTurn(turn, now, out);
}

void TellNotices(const AuditStory& story, WallTime now, std::ostream& out) {
  if (story.notices.empty()) return;
  out << "\nWhat followed\n";
  for (const StoryNotice& one : story.notices)
    out << kIndent << At(one.at, now) << "  " << Printable(one.notice.what) << "  "
        << DetailsText(one.notice) << "\n";
}

bool Wants(const RecordedDecision& decision, bool Obligations::*duty) {
  return std::ranges::any_of(decision.entries,
                             [duty](const RecordedEntry& one) { return one.obligations.*duty; });
}

}  // namespace

std::vector<std::string> ObligationsInWords(const RecordedDecision& decision) {
  std::vector<std::string> sentences;
  for (const RecordedEntry& one : decision.entries) {
    const Obligations& duties = one.obligations;
    if (duties.revoke || duties.quarantine)
      sentences.emplace_back(duties.quarantine ? "All live SVIDs of its lineage are revoked."
                                               : "All of its live SVIDs are revoked.");
    if (duties.quarantine)
      sentences.push_back("Its lineage, " + Printable(decision.lineage) + ", is in quarantine " +
                          (duties.quarantine_for ? "for " + DurationText(*duties.quarantine_for)
                                                 : "until it is released") +
                          ".");
    if (duties.alert) sentences.emplace_back("An alert is raised.");
    if (duties.ttl_cap)
      sentences.push_back("Its SVIDs live " + DurationText(*duties.ttl_cap) + " at most.");
  }
  std::ranges::sort(sentences);
  sentences.erase(std::unique(sentences.begin(), sentences.end()), sentences.end());
  return sentences;
}

std::vector<std::string> AdviceOn(const AuditStory& story) {
  const RecordedDecision& end = story.who;
  const std::string pid = std::to_string(end.process.key.pid);
  std::vector<std::string> advice;
  if (end.verdict == Verdict::kAllow && end.drift_kinds.empty())
    return {"Nothing: it is allowed what it asks for."};
  if (Wants(end, &Obligations::quarantine) || end.reason.find("quarantine") != std::string::npos)
    advice.emplace_back(
        "See \"surety quarantine list\". Find out what the lineage did; when that is understood, "
        "\"surety quarantine release ID --reason TEXT\" has it attested from scratch.");
  if (!end.drift_kinds.empty())
    advice.push_back(
        "If the change was meant, restart the process: a new one is attested as it is "
        "then. If such changes are ordinary for this service, leave " +
        Printable(Joined(end.drift_kinds)) +
        " out of \"pins\" of its entry, or write a policy that allows it.");
  if (end.reason == "no_entry")
    advice.push_back("No entry is for this process. \"surety attest " + pid +
                     "\" prints its selectors and an entry for it.");
  if (!end.missing.empty())
    advice.push_back("Facts are missing (" + Printable(Joined(end.missing)) +
                     "): it is tried again by itself; the record says why each is missing.");
  if (end.verdict == Verdict::kChallenge)
    advice.emplace_back("It has to prove more; it is asked again by itself.");
  advice.push_back("The whole record: surety audit tail --pid " + pid + " --output json");
  return advice;
}

void TellStory(const AuditStory& story, WallTime now, std::ostream& out) {
  TellWho(story, out);
  TellGiven(story, now, out);
  TellTurns(story, now, out);
  TellNotices(story, now, out);
  out << "\nWhat you can do\n";
  for (const std::string& sentence : AdviceOn(story)) out << kIndent << sentence << "\n";
}

}  // namespace surety
