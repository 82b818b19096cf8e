#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "surety/external_hook.h"

namespace surety::fakes {

/// Says what the test last put into `answer`, and runs `before` first. Notes what it
/// was asked.
class ScriptedHook final : public ExternalHook {
 public:
  Result<HookAnswer> Ask(const HookQuestion& question, std::chrono::milliseconds timeout) override {
    asked.emplace_back(question.spiffe_id);
    facts = question.decided.facts;
    waits = timeout;
    if (before) before();
    return answer;
  }

  Result<HookAnswer> answer = HookAnswer{.verdict = Verdict::kAllow};
  std::function<void()> before;
  std::vector<std::string> asked;  ///< SPIFFE IDs.
  std::string facts;
  std::chrono::milliseconds waits{0};
};

}  // namespace surety::fakes
