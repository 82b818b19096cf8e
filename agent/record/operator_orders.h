#pragma once

#include <functional>

#include "agent/record/state.h"
#include "surety/admin_actions.h"
#include "surety/process.h"

namespace surety {

/// Carries out what operators order, on the state of the running daemon. Borrows
/// all it is given. Thread-safe.
class OperatorOrders final : public AdminActions {
 public:
  /// `wake` brings every session's next turn forward: whoever lost its SVID and may
  /// still have one gets it then.
  OperatorOrders(State& state, ProcessOpener& opener, const LineageReader& reader,
                 const Clock& clock, std::function<void()> wake)
      : state_(state), opener_(opener), reader_(reader), clock_(clock), wake_(std::move(wake)) {}

  [[nodiscard]] std::vector<Quarantine> Quarantines() const override;
  Result<Quarantine> AddQuarantine(const QuarantineOrder& order, const Operator& by) override;
  Result<Quarantine> ReleaseQuarantine(std::uint64_t id, const std::string& reason,
                                       const Operator& by) override;
  Result<std::uint32_t> RevokeSvids(const RevocationOrder& order, const Operator& by) override;

 private:
  Result<std::string> LineageOf(pid_t pid) const;

  State& state_;
  ProcessOpener& opener_;
  const LineageReader& reader_;
  const Clock& clock_;
  const std::function<void()> wake_;
};

}  // namespace surety
