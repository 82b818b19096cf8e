#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "agent/policy/hook_gate.h"
#include "agent/policy/verdict.h"
#include "surety/clock.h"
#include "surety/external_hook.h"
#include "surety/policy.h"

namespace surety {

struct ExternalHookSettings {
  std::chrono::milliseconds timeout{100};
  /// What comes of an allow without a usable answer: kUndecided or kRefuse.
  Verdict on_failure = Verdict::kUndecided;
  PolicyMode mode = PolicyMode::kEnforce;  ///< In monitor mode the hook only watches, too.
  std::size_t most_questions = 8;          ///< At one time.
};

/// What there is to tell. Called on the threads that decide, which hold no lock then.
struct ExternalHookEvents {
  std::function<void(const std::string& why)> failed;
  std::function<void(BootClock::duration after)> answers_again;
};

/// The second seam next to Cedar: asks the policies first and, only where they allow
/// something to an entry, an external hook, which may tighten or take away and never
/// give. Without a usable answer nothing new is given (docs/hook.md). Bundles are no
/// power and carry the CRLs, so the hook is not asked about them.
///
/// Decide may wait for the timeout; see HookGate for what a hook that hangs can hold up.
class ExternalHookPolicy final : public Policy {
 public:
  /// Borrows policies, hook and clock.
  ExternalHookPolicy(const Policy& policies, ExternalHook& hook, const Clock& clock,
                     ExternalHookSettings settings, ExternalHookEvents events)
      : policies_(policies),
        hook_(hook),
        clock_(clock),
        settings_(settings),
        events_(std::move(events)),
        gate_(settings.most_questions) {}

  [[nodiscard]] Decision Decide(const PolicyRequest& request) const override;
  [[nodiscard]] std::string revision() const override { return policies_.revision(); }

  /// A sentence for the operator; empty while the hook answers.
  [[nodiscard]] std::string Degraded() const;

 private:
  // Says how long it `took` if anybody was asked.
  Result<HookAnswer> Ask(const HookQuestion& question,
                         std::optional<BootClock::duration>& took) const;
  void Failed(const HookGate::Permit& permit, const std::string& why) const;

  const Policy& policies_;
  ExternalHook& hook_;
  const Clock& clock_;
  const ExternalHookSettings settings_;
  const ExternalHookEvents events_;
  mutable HookGate gate_;
};

}  // namespace surety
