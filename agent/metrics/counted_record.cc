#include "agent/metrics/counted_record.h"

#include <algorithm>
#include <chrono>

namespace surety {
namespace {

using prometheus::Counter;
using prometheus::Histogram;

constexpr std::array<Action, 4> kActions{Action::kIssue, Action::kRotate, Action::kBundles,
                                         Action::kToken};
constexpr std::array<Verdict, 4> kVerdicts{Verdict::kAllow, Verdict::kRefuse, Verdict::kChallenge,
                                           Verdict::kUndecided};

// Seconds. A turn takes less than a millisecond; what waits for a hook, tens of them.
const Histogram::BucketBoundaries& Buckets() {
  static const Histogram::BucketBoundaries kBuckets{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                    0.01,   0.025,   0.05,   0.1,   0.25,   1};
  return kBuckets;
}

std::vector<std::string> Texts(std::span<const std::string_view> views) {
  return {views.begin(), views.end()};
}

std::vector<std::string> ActionNames() {
  std::vector<std::string> names;
  names.reserve(kActions.size());
  for (const Action action : kActions) names.emplace_back(NameOf(action));
  return names;
}

std::vector<Counter*> CountersBy(prometheus::Family<Counter>& family, const std::string& label,
                                 const KnownLabels& values) {
  std::vector<Counter*> counters;
  counters.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    counters.push_back(&family.Add({{label, values.At(i)}}));
  return counters;
}

prometheus::Family<Counter>& CounterFamily(prometheus::Registry& registry, const char* name,
                                           const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

prometheus::Family<Histogram>& HistogramFamily(prometheus::Registry& registry, const char* name,
                                               const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

}  // namespace

CountedRecord::CountedRecord(AuditLog& record, const CountedKinds& kinds)
    : record_(record),
      actions_(ActionNames()),
      reasons_(Texts(KnownReasons())),
      selectors_(kinds.selectors),
      attestors_(kinds.attestors),
      notices_(Texts(KnownNotices())),
      decisions_(CounterFamily(registry_, "surety_decisions_total",
                               "Decisions, by what was asked for, verdict and reason.")),
      decisions_made_(actions_.size() * kVerdicts.size() * reasons_.size()),
      drifts_(CountersBy(CounterFamily(registry_, "surety_drift_total",
                                       "Decisions about processes of which something drifted, by "
                                       "kind of selector."),
                         "kind", selectors_)),
      missing_(CountersBy(CounterFamily(registry_, "surety_facts_missing_total",
                                        "Facts that could not be looked at, by attestor."),
                          "attestor", attestors_)),
      noted_(CountersBy(CounterFamily(registry_, "surety_notices_total",
                                      "What happened to the daemon, by notice of the audit log."),
                        "notice", notices_)),
      issuance_seconds_(HistogramFamily(registry_, "surety_issuance_seconds",
                                        "Time from the beginning of a turn to the record of the "
                                        "SVIDs or tokens that it made.")
                            .Add({}, Buckets())),
      svids_(CounterFamily(registry_, "surety_svids_issued_total", "X.509-SVIDs made.").Add({})),
      tokens_(
          CounterFamily(registry_, "surety_tokens_issued_total", "JWT-SVIDs and WIT-SVIDs made.")
              .Add({})),
      write_failures_(CounterFamily(registry_, "surety_audit_write_failures_total",
                                    "Records that the audit log did not take.")
                          .Add({})) {
  auto& seconds =
      HistogramFamily(registry_, "surety_decision_seconds",
                      "Time from the beginning of a turn to the record of its decision.");
  for (std::size_t i = 0; i < actions_.size(); ++i)
    decision_seconds_.push_back(&seconds.Add({{"action", actions_.At(i)}}, Buckets()));
  ShowAtZero();
}

std::size_t CountedRecord::SlotOf(std::size_t action, Verdict verdict, std::size_t reason) const {
  const auto at = std::ranges::find(kVerdicts, verdict) - kVerdicts.begin();
  return (action * kVerdicts.size() + static_cast<std::size_t>(at)) * reasons_.size() + reason;
}

Counter& CountedRecord::Decisions(std::size_t action, Verdict verdict, std::size_t reason) {
  auto& slot = decisions_made_[SlotOf(action, verdict, reason)];
  if (Counter* made = slot.load(std::memory_order_acquire)) return *made;
  // Whoever else makes it at this moment is given the same one.
  Counter& made = decisions_.Add({{"action", actions_.At(action)},
                                  {"verdict", std::string(NameOf(verdict))},
                                  {"reason", reasons_.At(reason)}});
  slot.store(&made, std::memory_order_release);
  return made;
}

// A rate needs a value before the first increment.
void CountedRecord::ShowAtZero() {
  const std::size_t other = reasons_.size() - 1;
  for (const Action one : kActions) {
    const std::size_t action = actions_.IndexOf(NameOf(one));
    Decisions(action, Verdict::kAllow, reasons_.IndexOf("entry_matched"));
    Decisions(action, Verdict::kUndecided, reasons_.IndexOf("facts_missing"));
    Decisions(action, Verdict::kUndecided, reasons_.IndexOf("policy_error"));
    Decisions(action, Verdict::kChallenge, other);
    for (const std::string_view reason : KnownReasons())
      if (reason == "no_entry" || reason.starts_with("drift."))
        Decisions(action, Verdict::kRefuse, reasons_.IndexOf(reason));
    for (const Verdict verdict : kVerdicts) Decisions(action, verdict, other);
  }
}

Result<std::string> CountedRecord::Write(const AuditEvent& event) {
  auto written = record_.Write(event);
  if (!written) write_failures_.Increment();
  Count(event);
  // What could not be recorded is not handed out.
  if (written) CountIssued(event);
  return written;
}

Result<void> CountedRecord::Note(const AuditNotice& notice) {
  noted_[notices_.IndexOf(notice.what)]->Increment();
  auto noted = record_.Note(notice);
  if (!noted) write_failures_.Increment();
  return noted;
}

void CountedRecord::Count(const AuditEvent& event) {
  const std::size_t action = actions_.IndexOf(NameOf(event.action));
  Decisions(action, event.verdict, reasons_.IndexOf(event.reason)).Increment();
  decision_seconds_[action]->Observe(std::chrono::duration<double>(event.latency).count());
  if (!event.drift.empty()) {
    for (const std::string& kind : event.drift.Kinds())
      drifts_[selectors_.IndexOf(kind)]->Increment();
  }
  for (const MissingFact& fact : event.seen.missing) {
    const std::string_view kind = fact.kind;
    missing_[attestors_.IndexOf(kind.substr(0, kind.find(':')))]->Increment();
  }
}

void CountedRecord::CountIssued(const AuditEvent& event) {
  const auto svids = std::ranges::count_if(event.entries, &EntryDecision::minted);
  const auto tokens = std::ranges::count_if(
      event.entries, [](const EntryDecision& one) { return one.token.has_value(); });
  if (svids + tokens == 0) return;
  svids_.Increment(static_cast<double>(svids));
  tokens_.Increment(static_cast<double>(tokens));
  issuance_seconds_.Observe(std::chrono::duration<double>(event.latency).count());
}

}  // namespace surety
