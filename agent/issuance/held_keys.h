#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "agent/issuance/life_cycle.h"

namespace surety {

/// What an authority signs with, and where that stands in its life. `Key` is a Signer or
/// a JwtKey; both live the same life (life_cycle.h).
template <typename Key>
struct Held {
  std::shared_ptr<const Key> key;
  AuthorityStanding standing;
};

template <typename Key>
std::vector<AuthorityStanding> StandingsOf(const std::vector<Held<Key>>& held) {
  std::vector<AuthorityStanding> standings;
  standings.reserve(held.size());
  for (const Held<Key>& one : held) standings.push_back(one.standing);
  return standings;
}

/// Since when each has been seen expired without a break.
template <typename Key>
void NoteExpiry(std::vector<Held<Key>>& held, Moment now) {
  for (Held<Key>& one : held) {
    std::optional<BootTime>& since = one.standing.expired_since;
    if (one.standing.not_after > now.wall) {
      since.reset();
    } else if (!since) {
      since = now.boot;
    }
  }
}

/// The same, with `serial` signing and whatever signed before retired.
template <typename Key>
std::vector<Held<Key>> WithActive(std::vector<Held<Key>> held, const std::string& serial) {
  for (Held<Key>& one : held) {
    if (one.standing.phase == Phase::kActive) one.standing.phase = Phase::kRetired;
    if (one.standing.serial == serial) one.standing.phase = Phase::kActive;
  }
  return held;
}

template <typename Key>
std::vector<Held<Key>> Without(std::vector<Held<Key>> held, const std::string& serial) {
  std::erase_if(held, [&](const Held<Key>& one) { return one.standing.serial == serial; });
  return held;
}

template <typename Key>
void SortOldestFirst(std::vector<Held<Key>>& held) {
  std::ranges::sort(held, {}, [](const Held<Key>& one) {
    return std::tuple(one.standing.not_before, one.standing.serial);
  });
}

/// Whether it is in the bundle, which it leaves when it expires; notes since when.
inline bool NotePublished(AuthorityStanding& standing, Moment now) {
  const bool in_bundle = standing.not_after > now.wall;
  if (!in_bundle) standing.published.reset();
  if (in_bundle && !standing.published) standing.published = now.boot;
  return in_bundle;
}

/// A sentence for an operator while some of `what` begin in the future; else empty.
template <typename Key>
std::string NotValidYet(const std::vector<Held<Key>>& held, WallTime now, std::string_view what) {
  const auto early = std::ranges::count_if(
      held, [now](const Held<Key>& one) { return one.standing.not_before > now; });
  if (early == 0) return {};
  return std::to_string(early) + " of the " + std::string(what) +
         " are not valid yet: the clock was ahead when they were made, or is behind now";
}

/// Takes each step that `next` says is due until there is none. kInternal if there are
/// more than `most`.
inline Result<void> TakeStepsDue(int most, const std::function<Step()>& next,
                                 const std::function<Result<void>(const Step&)>& take) {
  for (int i = 0; i < most; ++i) {
    const Step step = next();
    if (step.kind == Step::Kind::kNone) return {};
    if (auto taken = take(step); !taken) return taken;
  }
  return Error(ErrorCode::kInternal, "the life cycle does not come to rest");
}

}  // namespace surety
