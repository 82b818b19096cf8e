#include "agent/record/decision_json.h"

#include <algorithm>
#include <string>
#include <utility>

#include "agent/record/record_words.h"
#include "agent/record/rfc3339.h"

namespace surety {
namespace {

/// Writes one event, member by member.
class Writer {
 public:
  Writer(const AuditEvent& event, const RecordLimits& limits, JsonWriter& json, LeftOut& left_out)
      : event_(event), limits_(limits), json_(json), left_out_(left_out) {}

  void WriteAll() {
    Verdict();
    Audiences();
    json_.Key("process");
    WriteProcess(event_, limits_, json_, left_out_);
    json_.Key("connection").Number(event_.peer.connection_id);
    json_.Key("pinned").Bool(event_.pinned);
    if (!event_.pinned) Selectors("scope", event_.seen.selectors);
    Lineage();
    Drift();
    Missing();
    Counters();
    Risk();
    Quarantines();
    json_.Key("latency_us")
        .Number(std::chrono::duration_cast<std::chrono::microseconds>(event_.latency).count());
    Entries();
  }

 private:
  void Verdict() {
    json_.Key("action").Text(WordOf(event_.action));
    json_.Key("verdict").Text(WordOf(event_.verdict));
    json_.Key("reason").Text(event_.reason);
    json_.Key("policy_revision").Text(event_.policy_revision);
    const bool observed = std::ranges::any_of(
        event_.entries, [](const EntryDecision& one) { return !one.decision.observed.empty(); });
    json_.Key("mode").Text(observed ? "monitor" : "enforce");
    json_.Key("wake").Text(WordOf(event_.wake));
    json_.Key("starting").Bool(event_.standing.starting);
  }

  void Audiences() {
    if (event_.action != Action::kToken) return;
    json_.Key("audiences");
    WriteList(event_.audiences, limits_, json_, left_out_,
              [this](const std::string& one) { json_.Text(one); });
  }

  void Selectors(std::string_view name, const SelectorSet& selectors) {
    json_.Key(name);
    WriteList(selectors, limits_, json_, left_out_,
              [this](const Selector& one) { json_.Text(one.Text()); });
  }

  void Lineage() {
    const Standing& standing = event_.standing;
    json_.Key("lineage").BeginObject();
    json_.Key("id").Text(standing.lineage.id);
    json_.Key("now").Text(standing.lineage_now.id);
    json_.Key("left").Bool(standing.left_lineage);
    json_.Key("ancestors");
    WriteList(standing.lineage_now.ancestors, limits_, json_, left_out_,
              [this](const Ancestor& one) {
                json_.BeginObject();
                json_.Key("pid").Number(one.key.pid);
                json_.Key("start").Number(one.key.start_ticks);
                json_.Key("uid").Number(one.uid);
                json_.Key("name").Text(one.name);
                json_.EndObject();
              });
    json_.EndObject();
  }

  void Drift() {
    if (event_.drift.empty()) return;
    json_.Key("drift").BeginObject();
    json_.Key("kinds");
    WriteList(KindsOf(event_.drift), limits_, json_, left_out_,
              [this](const auto& one) { json_.Text(one); });
    Selectors("gained", event_.drift.gained);
    Selectors("lost", event_.drift.lost);
    json_.EndObject();
  }

  void Missing() {
    json_.Key("complete").Bool(event_.seen.complete());
    if (event_.seen.complete()) return;
    json_.Key("missing");
    WriteList(event_.seen.missing, limits_, json_, left_out_, [this](const MissingFact& one) {
      json_.BeginObject();
      json_.Key("kind").Text(one.kind);
      json_.Key("code").Text(NameOf(one.why.code()));
      json_.Key("why").Text(one.why.Text());
      json_.EndObject();
    });
  }

  void Counters() {
    json_.Key("counters").BeginObject();
    for (const auto& [name, counted] : {std::pair("lineage", &event_.standing.of_lineage),
                                        std::pair("process", &event_.standing.of_process)}) {
      json_.Key(name).BeginObject();
      json_.Key("svids").Number(counted->svids);
      json_.Key("streams").Number(counted->streams);
      json_.Key("refusals").Number(counted->refusals);
      json_.Key("spiffe_ids").Number(counted->spiffe_ids);
      json_.EndObject();
    }
    json_.EndObject();
  }

  void Risk() {
    json_.Key("risk").BeginObject();
    json_.Key("score").Real(event_.standing.risk.score);
    json_.Key("parts");
    WriteList(event_.standing.risk.parts, limits_, json_, left_out_, [this](const RiskPart& one) {
      json_.BeginObject();
      json_.Key("signal").Text(one.signal);
      json_.Key("score").Real(one.score);
      json_.EndObject();
    });
    json_.EndObject();
  }

  void Quarantines() {
    if (event_.standing.quarantines.empty()) return;
    json_.Key("quarantines");
    WriteList(event_.standing.quarantines, limits_, json_, left_out_,
              [this](const Quarantine& one) {
                json_.BeginObject();
                json_.Key("id").Number(one.id);
                json_.Key("lineage").Text(one.lineage);
                json_.Key("entry").Text(one.entry_id);
                json_.Key("reason").Text(one.reason);
                json_.Key("decision").Text(one.decision);
                json_.Key("since").Text(Rfc3339Exact(one.since));
                if (one.until) json_.Key("until").Text(Rfc3339Exact(*one.until));
                json_.EndObject();
              });
  }

  void Entries() {
    json_.Key("entries").BeginArray();
    for (const EntryDecision& one : event_.entries)
      WriteEntryDecision(one, event_.at.wall, limits_, json_, left_out_);
    json_.EndArray();
  }

  const AuditEvent& event_;
  const RecordLimits& limits_;
  JsonWriter& json_;
  LeftOut& left_out_;
};

}  // namespace

std::vector<std::string> KindsOf(const surety::Drift& drift) {
  std::vector<std::string> kinds;
  for (const SelectorSet* side : {&drift.gained, &drift.lost})
    for (const Selector& one : *side) kinds.push_back(one.Kind());
  std::ranges::sort(kinds);
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  return kinds;
}

void WriteDecision(const AuditEvent& event, const RecordLimits& limits, JsonWriter& json,
                   LeftOut& left_out) {
  Writer(event, limits, json, left_out).WriteAll();
}

}  // namespace surety
