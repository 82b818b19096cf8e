#include "agent/record/record_words.h"

#include <array>
#include <utility>

namespace surety {
namespace {

template <typename Value, std::size_t kCount>
using Words = std::array<std::pair<Value, std::string_view>, kCount>;

constexpr Words<Action, 6> kActions{{{Action::kIssue, "issue"},
                                     {Action::kRotate, "rotate"},
                                     {Action::kBundles, "bundles"},
                                     {Action::kToken, "token"},
                                     {Action::kTask, "task"},
                                     {Action::kRequest, "request"}}};
constexpr Words<Verdict, 4> kVerdicts{{{Verdict::kAllow, "allow"},
                                       {Verdict::kRefuse, "refuse"},
                                       {Verdict::kChallenge, "challenge"},
                                       {Verdict::kUndecided, "undecided"}}};
constexpr Words<WakeMode, 2> kWakeModes{
    {{WakeMode::kEvents, "events"}, {WakeMode::kSweep, "sweep"}}};
constexpr Words<NoticeSeverity, 3> kSeverities{{{NoticeSeverity::kInfo, "info"},
                                                {NoticeSeverity::kWarning, "warning"},
                                                {NoticeSeverity::kHigh, "high"}}};

template <typename Value, std::size_t kCount>
std::string_view Word(const Words<Value, kCount>& words, Value value) {
  for (const auto& [each, word] : words) {
    if (each == value) return word;
  }
  return "unknown";
}

template <typename Value, std::size_t kCount>
std::optional<Value> Meant(const Words<Value, kCount>& words, std::string_view word) {
  for (const auto& [value, each] : words) {
    if (each == word) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view WordOf(Action action) { return Word(kActions, action); }
std::string_view WordOf(Verdict verdict) { return Word(kVerdicts, verdict); }
std::string_view WordOf(WakeMode mode) { return Word(kWakeModes, mode); }
std::string_view WordOf(NoticeSeverity severity) { return Word(kSeverities, severity); }
std::string_view NameOf(NoticeSeverity severity) { return WordOf(severity); }

std::optional<Action> ActionOf(std::string_view word) { return Meant(kActions, word); }
std::optional<Verdict> VerdictOf(std::string_view word) { return Meant(kVerdicts, word); }
std::optional<NoticeSeverity> SeverityOf(std::string_view word) { return Meant(kSeverities, word); }

}  // namespace surety
