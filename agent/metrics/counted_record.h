#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <string>
#include <vector>

#include "agent/metrics/known_labels.h"
#include "surety/audit.h"

namespace surety {

/// What the labels of counters may be that the configuration decides.
struct CountedKinds {
  std::vector<std::string> selectors;  ///< Kinds of selector, as SelectorKindsOf gives them.
  std::vector<std::string> attestors;  ///< Their names.
};

/// Passes everything on to the real record, which outlives this, and counts it: every
/// decision is recorded, so that this is the one place to count them. The results are those
/// of the real record. Nothing that a workload chose becomes a label. Thread-safe.
class CountedRecord final : public AuditLog {
 public:
  CountedRecord(AuditLog& record, const CountedKinds& kinds);

  Result<std::string> Write(const AuditEvent& event) override;
  Result<void> Note(const AuditNotice& notice) override;

  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const {
    return registry_.Collect();
  }

 private:
  using Counters = std::vector<std::atomic<prometheus::Counter*>>;

  [[nodiscard]] std::size_t SlotOf(std::size_t action, Verdict verdict, std::size_t reason) const;
  prometheus::Counter& Decisions(std::size_t action, Verdict verdict, std::size_t reason);
  void ShowAtZero();
  void Count(const AuditEvent& event);
  void CountIssued(const AuditEvent& event);

  AuditLog& record_;
  const KnownLabels actions_;
  const KnownLabels reasons_;
  const KnownLabels selectors_;
  const KnownLabels attestors_;
  const KnownLabels notices_;

  prometheus::Registry registry_;
  // Owned by the registry. Those of decisions are made when they are first needed, since
  // most combinations never are.
  prometheus::Family<prometheus::Counter>& decisions_;
  Counters decisions_made_;
  std::vector<prometheus::Counter*> drifts_;
  std::vector<prometheus::Counter*> missing_;
  std::vector<prometheus::Counter*> noted_;
  std::vector<prometheus::Histogram*> decision_seconds_;
  prometheus::Histogram& issuance_seconds_;
  prometheus::Counter& svids_;
  prometheus::Counter& tokens_;
  prometheus::Counter& write_failures_;
};

}  // namespace surety
