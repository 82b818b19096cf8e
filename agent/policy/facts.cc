#include "agent/policy/facts.h"

#include <algorithm>
#include <cmath>

#include "agent/policy/drift_rules.h"
#include "agent/policy/facts_writer.h"
#include "agent/policy/process_facts.h"
#include "agent/policy/velocity.h"

namespace surety {
namespace {

constexpr std::size_t kUsualSize = 4096;

void WriteText(std::string_view name, std::string_view value, FactsWriter& out) {
  out.Key(name);
  out.Text(value);
}

void WriteBool(std::string_view name, bool value, FactsWriter& out) {
  out.Key(name);
  out.Bool(value);
}

template <typename Number>
void WriteInt(std::string_view name, Number value, FactsWriter& out) {
  out.Key(name);
  out.Int(value);
}

template <typename Value>
void WriteOptional(std::string_view name, const std::optional<Value>& value, FactsWriter& out) {
  if (value) WriteText(name, *value, out);
}

void WriteItem(std::string_view item, FactsWriter& out) { out.Text(item); }
void WriteItem(const Selector& item, FactsWriter& out) { out.Text(item.type + ":", item.value); }
void WriteItem(const Selector* item, FactsWriter& out) { WriteItem(*item, out); }
void WriteItem(const MissingFact& item, FactsWriter& out) { out.Text(item.kind); }
void WriteItem(const RiskPart& item, FactsWriter& out) { out.Text(item.signal); }
void WriteItem(const Ancestor& item, FactsWriter& out) { out.Int(item.uid); }

template <typename Items>
void WriteSet(std::string_view name, const Items& items, FactsWriter& out) {
  out.Key(name);
  out.BeginArray();
  for (const auto& item : items) WriteItem(item, out);
  out.EndArray();
}

void WriteIdentity(const Entry* entry, FactsWriter& out) {
  static const Entry* const kNone = nullptr;
  static const SelectorSet kNothing;
  const bool none = entry == kNone;
  out.Key("identity");
  out.BeginObject();
  WriteText("id", none ? "none" : entry->spiffe_id.Text(), out);
  WriteText("trust_domain", none ? "" : entry->spiffe_id.trust_domain().name(), out);
  WriteText("path", none ? "" : entry->spiffe_id.path(), out);
  WriteText("entry", none ? "" : entry->id, out);
  WriteText("hint", none ? "" : entry->hint, out);
  WriteSet("selectors", none ? kNothing : entry->selectors, out);
  out.EndObject();
}

void WriteProcess(const Peer& peer, const ProcessFacts& facts, FactsWriter& out) {
  const ProcessKey key = peer.process->key();
  out.Key("process");
  out.BeginObject();
  WriteInt("pid", key.pid, out);
  WriteInt("start", key.start_ticks, out);
  WriteInt("uid", facts.uid.value_or(peer.uid), out);
  WriteInt("gid", facts.gid.value_or(peer.gid), out);
  WriteOptional("user", facts.user, out);
  WriteOptional("group", facts.group, out);
  WriteOptional("path", facts.path, out);
  WriteOptional("claimed_path", facts.claimed_path, out);
  WriteOptional("sha256", facts.sha256, out);
  WriteOptional("cgroup", facts.cgroup, out);
  WriteOptional("label", facts.label, out);
  WriteBool("no_new_privs", facts.no_new_privs, out);
  out.EndObject();
}

void WriteExecutable(const ProcessFacts& facts, const DriftJudgement& judged, FactsWriter& out) {
  out.Key("exe");
  out.BeginObject();
  WriteBool("memfd", facts.memfd, out);
  WriteBool("deleted", facts.deleted, out);
  WriteBool("replaced", facts.replaced || judged.replaced, out);
  WriteBool("unhashed", facts.unhashed, out);
  out.EndObject();
  out.Key("traced");
  out.BeginObject();
  WriteBool("attached", facts.traced, out);
  WriteBool("by_root", facts.traced && facts.tracer_uid == 0U, out);
  if (facts.tracer_uid) WriteInt("uid", *facts.tracer_uid, out);
  out.EndObject();
}

void WriteDrift(const PolicyRequest& request, const DriftJudgement& judged, FactsWriter& out) {
  out.Key("drift");
  out.BeginObject();
  WriteBool("any", !judged.jumps.empty() || !judged.harmless.empty(), out);
  WriteSet("kinds", judged.jumps, out);
  WriteSet("classes", judged.classes, out);
  WriteSet("harmless", judged.harmless, out);
  WriteSet("gained", request.drift.gained, out);
  out.Key("lost");
  out.BeginArray();
  for (const Selector& selector : request.drift.lost)
    if (!IsMissing(selector, request.seen.missing)) WriteItem(selector, out);
  out.EndArray();
  out.EndObject();
}

/// Whether this would be an identity that none of the lineage was given lately.
bool IsNewToLineage(const PolicyRequest& request) {
  const bool first = request.action == Action::kIssue || request.action == Action::kToken;
  if (!first || request.pinned || request.entry == nullptr) return false;
  const auto& known = request.standing.of_lineage.identities;
  return std::ranges::find(known, IdentityHash(request.entry->spiffe_id.Text())) == known.end();
}

void WriteLineage(const PolicyRequest& request, FactsWriter& out) {
  const Standing& standing = request.standing;
  const std::string_view id = standing.lineage.id;
  out.Key("lineage");
  out.BeginObject();
  WriteText("id", id, out);
  WriteText("kind", id.substr(0, id.find(':')), out);
  WriteText("now", standing.lineage_now.id, out);
  WriteBool("left", standing.left_lineage, out);
  WriteBool("new_identity", IsNewToLineage(request), out);
  WriteSet("ancestor_uids", standing.lineage.ancestors, out);
  out.EndObject();
}

void WriteVelocity(std::string_view name, const Velocity& velocity, FactsWriter& out) {
  out.Key(name);
  out.BeginObject();
  WriteInt("svids", velocity.svids, out);
  WriteInt("streams", velocity.streams, out);
  WriteInt("refusals", velocity.refusals, out);
  WriteInt("spiffe_ids", velocity.spiffe_ids, out);
  out.EndObject();
}

/// NaN is as suspicious as it gets.
int RiskScore(double score) {
  return score >= 0 && score < 100 ? static_cast<int>(std::lround(score)) : score < 0 ? 0 : 100;
}

void WriteConduct(const PolicyRequest& request, FactsWriter& out) {
  const Standing& standing = request.standing;
  out.Key("velocity");
  out.BeginObject();
  WriteVelocity("lineage", standing.of_lineage, out);
  WriteVelocity("process", standing.of_process, out);
  out.EndObject();
  out.Key("risk");
  out.BeginObject();
  WriteInt("score", RiskScore(standing.risk.score), out);
  WriteSet("signals", standing.risk.parts, out);
  out.EndObject();
  const auto quarantine = std::find_if(
      standing.quarantines.begin(), standing.quarantines.end(), [&](const Quarantine& item) {
        return item.entry_id.empty() ||
               (request.entry != nullptr && request.entry->id == item.entry_id);
      });
  const bool quarantined = quarantine != standing.quarantines.end();
  WriteBool("quarantined", quarantined, out);
  WriteText("quarantine_reason", quarantined ? quarantine->reason : "", out);
}

void WriteQuestion(const PolicyRequest& request, FactsWriter& out) {
  WriteText("action", NameOf(request.action), out);
  const ProcessKey key = request.peer.process->key();
  WriteText("principal", std::to_string(key.pid) + "." + std::to_string(key.start_ticks), out);
  WriteIdentity(request.entry, out);
  WriteBool("complete", request.seen.complete(), out);
  WriteSet("missing", request.seen.missing, out);
  WriteBool("starting", request.standing.starting, out);
  WriteText("wake", NameOf(request.wake), out);
  WriteText("challenge", request.challenge == ChallengeState::kPassed ? "passed" : "none", out);
  WriteBool("entry_matched", request.entry != nullptr, out);
  WriteBool("pinned", request.pinned, out);
}

}  // namespace

std::string FactsOf(const PolicyRequest& request) {
  static const std::optional<std::vector<std::string>> kDefaultPins;
  const DriftJudgement judged = JudgeDrift(
      request.drift, request.seen, request.entry == nullptr ? kDefaultPins : request.entry->pins);
  const ProcessFacts facts = ReadProcessFacts(request.seen.selectors);
  FactsWriter out(kUsualSize);
  out.BeginObject();
  WriteQuestion(request, out);
  WriteSet("selectors", request.seen.selectors, out);
  WriteProcess(request.peer, facts, out);
  WriteExecutable(facts, judged, out);
  WriteSet("env_preload", facts.preloads, out);
  WriteSet("capabilities", facts.capabilities, out);
  WriteText("container", facts.container, out);
  WriteDrift(request, judged, out);
  WriteLineage(request, out);
  WriteConduct(request, out);
  WriteSet("audiences", request.audiences, out);
  out.EndObject();
  return std::move(out).Take();
}

}  // namespace surety
