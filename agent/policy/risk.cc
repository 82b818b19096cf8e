#include "agent/policy/risk.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace surety {
namespace {

constexpr double kHighest = 100;
constexpr double kNegligible = 0.01;

// Kept equal to docs/risk.md by tests/unit/policy/risk_test.cc. Sorted by name.
constexpr std::array kSignals = {
    RiskSignal{"burst", 30, 60, "Calls that end at once, more of them than the limit lets through"},
    RiskSignal{"drift.capability", 30, 60, "A process has gained capabilities since it was pinned"},
    RiskSignal{"drift.cgroup", 30, 60, "It is in another cgroup"},
    RiskSignal{"drift.container", 30, 60,
               "It is in another container, or its engine says otherwise of it"},
    RiskSignal{"drift.environment", 40, 80, "It was executed anew with a library preloaded"},
    RiskSignal{"drift.executable", 40, 80, "It runs another file, or another content of it"},
    RiskSignal{"drift.label", 30, 60, "A security module confines it differently"},
    RiskSignal{"drift.namespace", 30, 60, "It is in another namespace"},
    RiskSignal{"drift.other", 15, 45, "Anything else of what its entry pins is different"},
    RiskSignal{"drift.user", 40, 80, "It is another user, or in another group"},
    RiskSignal{"env.preload", 40, 80,
               "Foreign code is loaded into it from the start (LD_PRELOAD, LD_AUDIT)"},
    RiskSignal{"exe.deleted", 10, 20, "Its file is gone from the disk"},
    RiskSignal{"exe.memfd", 60, 100, "It runs a file that exists in memory only"},
    RiskSignal{"exe.replaced", 5, 10, "Its file was replaced on the disk, as an upgrade does"},
    RiskSignal{"gain.capability", 50, 100, "It runs another program that has more power"},
    RiskSignal{"gain.root", 50, 100, "It became root"},
    RiskSignal{"lineage.left", 40, 80,
               "It has left the container, unit, cgroup or login it was in"},
    RiskSignal{"new_spiffe_id", 15, 60, "Another SPIFFE ID than those of the last ten minutes"},
    RiskSignal{"quarantine.released", 20, 40, "A quarantine of it was released or has expired"},
    RiskSignal{"refused", 5, 30, "A turn ended in a refusal"},
    RiskSignal{"traced", 50, 100, "Another process traces it, and not root's"},
};
static_assert(std::ranges::is_sorted(kSignals, {}, &RiskSignal::name));

std::optional<std::size_t> PlaceOf(std::string_view name) {
  const auto at = std::ranges::lower_bound(kSignals, name, {}, &RiskSignal::name);
  if (at == kSignals.end() || at->name != name) return std::nullopt;
  return static_cast<std::size_t>(at - kSignals.begin());
}

/// The next word of a text of words that are parted by single spaces.
std::string_view NextWord(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

template <typename Number>
bool ReadWord(std::string_view& text, Number& number) {
  const std::string_view word = NextWord(text);
  const char* const end = word.data() + word.size();
  const auto [at, error] = std::from_chars(word.data(), end, number);
  return error == std::errc() && at == end;
}

}  // namespace

std::span<const RiskSignal> RiskSignals() { return kSignals; }

double RiskAccount::PointsAt(const Part& part, BootTime now) {
  const std::chrono::duration<double> age = std::max(now - part.since, BootClock::duration::zero());
  return part.points * std::exp2(-age / std::chrono::duration<double>(kRiskHalfLife));
}

bool RiskAccount::Add(std::string_view signal, BootTime now) {
  const auto place = PlaceOf(signal);
  if (!place) return false;
  const RiskSignal& known = kSignals[*place];
  const auto there = std::ranges::find(parts_, *place, &Part::signal);
  Part& part =
      there != parts_.end() ? *there : parts_.emplace_back(Part{.signal = *place, .since = now});
  now = std::max(now, part.since);
  part.points = std::min(PointsAt(part, now) + known.points, known.most);
  part.since = now;
  return true;
}

Risk RiskAccount::At(BootTime now) const {
  Risk risk;
  for (const Part& part : parts_) {
    const double score = PointsAt(part, now);
    if (score < kNegligible) continue;
    risk.score += score;
    risk.parts.push_back({.signal = std::string(kSignals[part.signal].name), .score = score});
  }
  risk.score = std::min(risk.score, kHighest);
  std::ranges::stable_sort(risk.parts, std::ranges::greater(), &RiskPart::score);
  return risk;
}

bool RiskAccount::Idle(BootTime now) const {
  return std::ranges::all_of(parts_,
                             [&](const Part& part) { return PointsAt(part, now) < kNegligible; });
}

std::string RiskAccount::Text() const {
  std::string text;
  for (const Part& part : parts_) {
    // Thousandths: enough for a score, and the same in every locale.
    const auto points = static_cast<std::int64_t>(std::llround(part.points * 1000));
    text += (text.empty() ? "" : " ") + std::string(kSignals[part.signal].name) + " " +
            std::to_string(points) + " " + std::to_string(part.since.time_since_epoch().count());
  }
  return text;
}

Result<RiskAccount> RiskAccount::Parse(std::string_view text) {
  RiskAccount account;
  while (!text.empty()) {
    const auto place = PlaceOf(NextWord(text));
    std::int64_t points = 0;
    std::int64_t since = 0;
    if (!ReadWord(text, points) || !ReadWord(text, since) || points < 0 || since < 0)
      return Error(ErrorCode::kDataLoss, "a stored risk is damaged");
    if (!place || std::ranges::find(account.parts_, *place, &Part::signal) != account.parts_.end())
      continue;
    account.parts_.push_back(
        {.signal = *place,
         .points = std::min(static_cast<double>(points) / 1000, kSignals[*place].most),
         .since = BootTime(BootClock::duration(since))});
  }
  return account;
}

}  // namespace surety
