#pragma once

#include <functional>
#include <mutex>
#include <utility>

#include "surety/attestor_plugin.h"

namespace surety::fakes {

/// Answers as the test last said; by default the one selector kind "session". Thread-safe.
class ScriptedPlugin final : public AttestorPlugin {
 public:
  using Answering = std::function<Result<PluginAnswer>(const PluginQuestion&)>;

  Result<PluginDescription> Describe(std::chrono::milliseconds /*timeout*/) override {
    const std::lock_guard lock(mutex_);
    ++described_;
    return description_;
  }
  Result<PluginAnswer> Attest(const PluginQuestion& question,
                              std::chrono::milliseconds /*timeout*/) override {
    Answering answering;
    {
      const std::lock_guard lock(mutex_);
      ++asked_;
      answering = answering_;
    }
    return answering(question);
  }

  void Describes(Result<PluginDescription> description) {
    const std::lock_guard lock(mutex_);
    description_ = std::move(description);
  }
  void Answers(Answering answering) {
    const std::lock_guard lock(mutex_);
    answering_ = std::move(answering);
  }
  [[nodiscard]] int described() const {
    const std::lock_guard lock(mutex_);
    return described_;
  }
  [[nodiscard]] int asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

  /// An honest answer about the process that was asked about.
  static PluginAnswer InSession(const PluginQuestion& question, const std::string& session) {
    return {.start_ticks = question.process.start_ticks,
            .selectors = {{"session", session}},
            .missing = {}};
  }

 private:
  mutable std::mutex mutex_;  // All below is guarded by it.
  Result<PluginDescription> description_ = PluginDescription{"scripted", "1", {"session"}};
  Answering answering_ = [](const PluginQuestion& question) {
    return Result<PluginAnswer>(InSession(question, "7"));
  };
  int described_ = 0;
  int asked_ = 0;
};

}  // namespace surety::fakes
