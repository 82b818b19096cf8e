#include "agent/issuance/life_cycle.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace surety {
namespace {

constexpr Seconds kLongestKeep{24 * 3600};
constexpr Seconds kLongestWait{60};
constexpr std::chrono::milliseconds kShortestWait{100};

BootClock::duration Lead(const LifeCycleTimes& times) {
  return std::min(times.publish_lead, times.ca_ttl / 6);
}

BootClock::duration Keep(const LifeCycleTimes& times) {
  return std::min(times.ca_ttl, kLongestKeep);
}

// A certificate is dated back when it is made.
WallTime MadeAt(const AuthorityStanding& authority, const LifeCycleTimes& times) {
  return authority.not_before + times.clock_skew;
}

// A shorter ca_ttl in the configuration counts for authorities made before.
WallTime::duration LifeOf(const AuthorityStanding& authority, const LifeCycleTimes& times) {
  return std::min<WallTime::duration>(authority.not_after - MadeAt(authority, times), times.ca_ttl);
}

WallTime ReplaceAt(const AuthorityStanding& signer, const LifeCycleTimes& times) {
  return std::min(MadeAt(signer, times) + LifeOf(signer, times) / 3 * 2,
                  signer.not_after - times.max_svid_ttl);
}

WallTime PrepareAt(const AuthorityStanding& signer, const LifeCycleTimes& times) {
  return std::min(MadeAt(signer, times) + LifeOf(signer, times) / 2,
                  ReplaceAt(signer, times) - Lead(times));
}

const AuthorityStanding* ValidSigner(std::span<const AuthorityStanding> authorities, WallTime now) {
  const auto found = std::ranges::find_if(authorities, [now](const AuthorityStanding& one) {
    return one.phase == Phase::kActive && one.ValidAt(now);
  });
  return found == authorities.end() ? nullptr : &*found;
}

// Of the valid ones that `fits`, the one that ends last.
template <typename Fits>
const AuthorityStanding* Longest(std::span<const AuthorityStanding> authorities, WallTime now,
                                 Fits fits) {
  const AuthorityStanding* best = nullptr;
  for (const AuthorityStanding& one : authorities) {
    if (!one.ValidAt(now) || !fits(one)) continue;
    if (best == nullptr || one.not_after > best->not_after) best = &one;
  }
  return best;
}

const AuthorityStanding* SuccessorOf(const AuthorityStanding& signer,
                                     std::span<const AuthorityStanding> authorities, WallTime now) {
  return Longest(authorities, now, [&signer](const AuthorityStanding& one) {
    return one.phase != Phase::kActive && one.not_before > signer.not_before;
  });
}

}  // namespace

Result<void> CheckTimes(const LifeCycleTimes& times) {
  constexpr int kSvidsInLife = 3;
  const auto text = [](Seconds seconds) { return std::to_string(seconds.count()) + " s"; };
  if (times.max_svid_ttl <= Seconds::zero() || times.clock_skew < Seconds::zero() ||
      times.publish_lead < Seconds::zero()) {
    return Error(ErrorCode::kInvalidArgument, "a time of the authority is negative or zero");
  }
  if (times.ca_ttl / kSvidsInLife < times.max_svid_ttl) {
    return Error(ErrorCode::kInvalidArgument,
                 "ca_ttl is " + text(times.ca_ttl) + ", less than three times the longest SVID (" +
                     text(times.max_svid_ttl) + "): lengthen ca_ttl or shorten the SVIDs");
  }
  return {};
}

Step NextStep(std::span<const AuthorityStanding> authorities, const LifeCycleTimes& times,
              Moment now) {
  const AuthorityStanding* signer = ValidSigner(authorities, now.wall);
  if (signer == nullptr) {
    const AuthorityStanding* other =
        Longest(authorities, now.wall, [](const AuthorityStanding&) { return true; });
    if (other == nullptr) return {.kind = Step::Kind::kPrepare, .serial = {}};
    return {.kind = Step::Kind::kActivate, .serial = other->serial};
  }
  const AuthorityStanding* successor = SuccessorOf(*signer, authorities, now.wall);
  if (successor == nullptr && now.wall >= PrepareAt(*signer, times)) {
    return {.kind = Step::Kind::kPrepare, .serial = {}};
  }
  if (successor != nullptr && now.wall >= ReplaceAt(*signer, times) && successor->published &&
      now.boot - *successor->published >= Lead(times)) {
    return {.kind = Step::Kind::kActivate, .serial = successor->serial};
  }
  for (const AuthorityStanding& one : authorities) {
    if (one.phase != Phase::kActive && one.expired_since &&
        now.boot - *one.expired_since >= Keep(times)) {
      return {.kind = Step::Kind::kForget, .serial = one.serial};
    }
  }
  return {};
}

BootTime AskAgainAt(std::span<const AuthorityStanding> authorities, const LifeCycleTimes& times,
                    Moment now) {
  std::vector<BootClock::duration> waits{kLongestWait};
  if (const AuthorityStanding* signer = ValidSigner(authorities, now.wall)) {
    const AuthorityStanding* successor = SuccessorOf(*signer, authorities, now.wall);
    if (successor == nullptr) {
      waits.push_back(PrepareAt(*signer, times) - now.wall);
    } else if (successor->published) {
      waits.push_back(std::max<BootClock::duration>(
          ReplaceAt(*signer, times) - now.wall, *successor->published + Lead(times) - now.boot));
    }
  }
  for (const AuthorityStanding& one : authorities) {
    if (one.not_after > now.wall) waits.push_back(one.not_after - now.wall);
    if (one.expired_since) waits.push_back(*one.expired_since + Keep(times) - now.boot);
  }
  return now.boot + std::max<BootClock::duration>(*std::ranges::min_element(waits), kShortestWait);
}

WallTime NextChangeOf(const AuthorityStanding& authority,
                      std::span<const AuthorityStanding> authorities, const LifeCycleTimes& times) {
  if (authority.phase == Phase::kActive) return ReplaceAt(authority, times);
  const auto signer = std::ranges::find(authorities, Phase::kActive, &AuthorityStanding::phase);
  if (authority.phase == Phase::kPrepared && signer != authorities.end()) {
    return ReplaceAt(*signer, times);
  }
  return authority.not_after;
}

}  // namespace surety
