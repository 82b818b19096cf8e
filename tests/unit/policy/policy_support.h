#pragma once

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "agent/identity/diagnostic.h"
#include "agent/policy/facts.h"
#include "agent/policy/policy_set.h"
#include "surety/policy.h"
#include "tests/fakes/fake_process.h"

namespace surety {

inline SelectorSet Selectors(const std::vector<std::string>& texts) {
  SelectorSet out;
  for (const auto& text : texts) out.Insert(*Selector::Parse(text));
  return out;
}

inline Drift DriftOf(const std::vector<std::string>& gained, const std::vector<std::string>& lost) {
  return {Selectors(gained), Selectors(lost)};
}

inline MissingFact Missing(const std::string& kind) {
  return {kind, Error(ErrorCode::kUnavailable, "not yet")};
}

/// What a policy is asked, with everything it borrows: a service that is what it was,
/// about to rotate. Tests change what they are about.
struct Question {
  Question() {
    pinned.emplace(Scope{seen.selectors});
    standing.lineage = {"unit:/web.service", LineageKind::kUnit, {}};
    standing.lineage_now = standing.lineage;
    standing.of_lineage = {.svids = 1, .streams = 1, .refusals = 0, .spiffe_ids = 1};
    standing.of_process = standing.of_lineage;
  }

  /// As a process that has no identity yet.
  static Question First() {
    Question out;
    out.action = Action::kIssue;
    out.pinned.reset();
    out.standing.of_lineage = out.standing.of_process = {};
    return out;
  }

  /// The process is now as it was but for these.
  Question& Gains(const std::vector<std::string>& texts) {
    for (const auto& text : texts) Change(drift.gained, *Selector::Parse(text));
    seen.selectors.Merge(drift.gained);
    return *this;
  }
  Question& Loses(const std::vector<std::string>& texts) {
    for (const auto& text : texts) Change(drift.lost, *Selector::Parse(text));
    seen.selectors = seen.selectors.Minus(drift.lost);
    return *this;
  }
  Question& Has(const std::vector<std::string>& texts) {
    seen.selectors.Merge(Selectors(texts));
    if (pinned) pinned->selectors.Merge(Selectors(texts));
    return *this;
  }
  Question& WithoutEntry() {
    matches = false;
    return *this;
  }

  [[nodiscard]] PolicyRequest Request() const {
    return {.action = action,
            .peer = peer,
            .seen = seen,
            .pinned = pinned.has_value(),
            .drift = drift,
            .entry = matches ? &entry : nullptr,
            .standing = standing,
            .challenge = challenge,
            .wake = wake,
            .audiences = audiences};
  }
  [[nodiscard]] std::string Facts() const { return FactsOf(Request()); }

  Action action = Action::kRotate;
  Peer peer = PeerOf(std::make_shared<FakeProcess>(ProcessKey{4711, 100}), 1000, 1000);
  Attestation seen{
      .selectors = Selectors({"unix:uid:1000", "unix:gid:1000", "unix:path:/usr/bin/web",
                              "unix:sha256:" + std::string(64, 'a'), "unix:container:none",
                              "cgroup:path:/web.service", "cgroup:id:42"}),
      .missing = {},
      .executable = {}};
  std::optional<Scope> pinned;
  Drift drift;
  Entry entry{.id = "web",
              .spiffe_id = *SpiffeId::Parse("spiffe://example.org/web"),
              .selectors = Selectors({"unix:uid:1000", "unix:path:/usr/bin/web"}),
              .x509_ttl = Seconds(900),
              .hint = {},
              .dns_names = {}};
  bool matches = true;
  Standing standing;
  ChallengeState challenge = ChallengeState::kNone;
  WakeMode wake = WakeMode::kEvents;
  std::vector<std::string> audiences;

 private:
  static void Change(SelectorSet& set, Selector item) { set.Insert(std::move(item)); }
};

/// A set that must load.
inline std::shared_ptr<const PolicySet> PoliciesOf(const std::string& text,
                                                   BuiltIn built_in = BuiltIn::kReplaced) {
  Diagnostics diagnostics;
  std::vector<PolicyText> texts;
  if (!text.empty()) texts.push_back({"test.cedar", text});
  auto out = PolicySet::Build(std::move(texts), built_in, diagnostics);
  if (out == nullptr) throw std::runtime_error(Summary(diagnostics));
  return out;
}

inline Decision DecideOn(const PolicySet& policies, const Question& question,
                         PolicyMode mode = PolicyMode::kEnforce) {
  return policies.Decide(question.Facts(), mode, {question.seen.complete(), question.matches});
}

inline std::string FileText(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace surety
