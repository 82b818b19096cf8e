#include "agent/command/audit_why.h"

#include "agent/command/audit_story.h"
#include "agent/command/drift_words.h"
#include "agent/command/json_text.h"
#include "agent/command/story_text.h"
#include "agent/record/record_words.h"

namespace surety {
namespace {

Json JsonOf(const StoryTurn& turn) {
  const RecordedDecision& decision = turn.decision;
  Json policies = Json::array();
  for (const RecordedEntry& one : decision.entries)
    for (const std::string& policy : one.policies) policies.push_back(policy);
  return {{"at", JsonTime(turn.at)},
          {"decision", decision.id},
          {"action", WordOf(decision.action)},
          {"verdict", WordOf(decision.verdict)},
          {"reason", decision.reason},
          {"policies", std::move(policies)},
          {"drift", DriftInWords(decision.gained, decision.lost)},
          {"missing", decision.missing},
          {"obligations", ObligationsInWords(decision)},
          {"repeated", turn.repeated}};
}

Json JsonOf(const StoryNotice& one) {
  Json details = Json::object();
  for (const auto& [name, value] : one.notice.details) details[name] = value;
  return {{"at", JsonTime(one.at)},
          {"what", one.notice.what},
          {"severity", WordOf(one.notice.severity)},
          {"details", std::move(details)}};
}

template <typename Items>
void Append(const Items& items, Json& list) {
  for (const auto& one : items) list.push_back(JsonOf(one));
}

Json JsonOf(const AuditStory& story) {
  const RecordedProcess& process = story.who.process;
  Json turns = Json::array();
  Append(story.first, turns);
  Append(story.last, turns);
  Json notices = Json::array();
  Append(story.notices, notices);
  return {{"process",
           {{"pid", process.key.pid},
            {"start", process.key.start_ticks},
            {"boot_id", story.boot_id},
            {"uid", process.uid},
            {"gid", process.gid},
            {"path", process.path},
            {"claimed", process.claimed},
            {"sha256", process.sha256}}},
          {"lineage", story.who.lineage},
          {"first_given", story.given ? JsonOf(*story.given) : Json(nullptr)},
          {"svids_minted", story.minted},
          {"tokens_minted", story.tokens},
          {"last_minted", JsonTime(story.last_minted)},
          {"valid_until", JsonTime(story.valid_until)},
          {"turns", std::move(turns)},
          {"turns_left_out", story.left_out},
          {"notices", std::move(notices)},
          {"advice", AdviceOn(story)}};
}

}  // namespace

Result<void> ExplainAudit(const AuditWhyFlags& flags, const std::string& folder, const Clock& clock,
                          std::ostream& out) {
  const auto story = CollectStory(folder, flags.subject);
  if (!story) return story.error();
  if (flags.output == OutputFormat::kJson) {
    out << JsonDocument(JsonOf(*story));
  } else {
    TellStory(*story, clock.Now().wall, out);
  }
  return {};
}

}  // namespace surety
