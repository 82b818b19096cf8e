#include "surety/svid_stream.h"

#include <algorithm>
#include <utility>

namespace surety {
namespace {

std::vector<IssuedSvid> Describe(const Granted& granted, const std::vector<X509Svid>& minted) {
  std::vector<IssuedSvid> issued;
  issued.reserve(minted.size());
  for (std::size_t i = 0; i < minted.size(); ++i)
    issued.push_back({.spiffe_id = minted[i].id.Text(),
                      .entry_id = granted[i]->id,
                      .serial = minted[i].serial,
                      .not_after = minted[i].not_after});
  return issued;
}

BootTime EarliestRotation(const std::vector<X509Svid>& minted, Moment now) {
  BootTime earliest = BootTime::max();
  for (const X509Svid& svid : minted)
    earliest = std::min(earliest, now.boot + RotateAfter(svid.not_after - now.wall, svid.serial));
  return earliest;
}

}  // namespace

Result<BootTime> SvidStream::Step(Moment now, SvidSink& sink) {
  auto authorization = Authorize(parts_, times_, peer_, action(), now);
  if (!authorization) return authorization.error();

  switch (authorization->verdict) {
    case Verdict::kUndecided:
      return NotNow(*authorization, Error(ErrorCode::kUnavailable, authorization->reason), now);
    case Verdict::kRefuse:
      if (auto recorded = Record(*authorization, now, {}); !recorded) return recorded.error();
      return Error(ErrorCode::kPermissionDenied, "no identity issued: " + authorization->reason);
    case Verdict::kAllow: break;
  }
  return Mint(*authorization, now, sink);
}

Result<BootTime> SvidStream::Mint(const Authorization& authorization, Moment now, SvidSink& sink) {
  const bool current = held_ == authorization.granted &&
                       held_revision_ == parts_.bundles.Bundles()->revision &&
                       now.boot < rotate_at_;
  if (current) {
    retry_.Reset();
    if (auto recorded = Record(authorization, now, {}); !recorded)
      return NotNow(authorization, recorded.error(), now);
    return std::min(rotate_at_, now.boot + times_.recheck);
  }

  std::vector<X509Svid> minted;
  minted.reserve(authorization.granted.size());
  for (const auto& entry : authorization.granted) {
    auto svid = parts_.issuer.Issue(*entry, now.wall);
    if (!svid) return NotNow(authorization, svid.error(), now);
    minted.push_back(*std::move(svid));
  }
  // Asked for after minting, so that they hold whatever signed.
  const auto bundles = parts_.bundles.Bundles();
  if (auto recorded = Record(authorization, now, minted); !recorded)
    return NotNow(authorization, recorded.error(), now);
  if (!peer_.process->IsAlive())
    return Error(ErrorCode::kPeerGone, "the process exited before its SVID was sent");
  if (auto pushed = sink.Push(minted, *bundles); !pushed) return pushed.error();

  held_ = authorization.granted;
  held_revision_ = bundles->revision;
  rotate_at_ = EarliestRotation(minted, now);
  retry_.Reset();
  return std::min(rotate_at_, now.boot + times_.recheck);
}

Result<BootTime> SvidStream::NotNow(const Authorization& authorization, const Error& why,
                                    Moment now) {
  // The record of "could not tell" itself may be what cannot be written; the
  // stream waits all the same.
  Authorization undecided{.verdict = Verdict::kUndecided,
                          .reason = why.Text(),
                          .granted = {},
                          .seen = authorization.seen,
                          .drift = authorization.drift};
  const auto recorded = Record(undecided, now, {});
  static_cast<void>(recorded);
  if (held_.empty() && retry_.GaveUp(now.boot)) {
    std::string text = "could not tell who is calling: " + why.Text();
    for (const MissingFact& fact : authorization.seen.missing)
      text += "; " + fact.kind + ": " + fact.why.Text();
    return Error(ErrorCode::kUnavailable, std::move(text));
  }
  return retry_.After(now.boot);
}

Result<void> SvidStream::Record(const Authorization& authorization, Moment now,
                                const std::vector<X509Svid>& minted) {
  const bool news = !minted.empty() || authorization.reason != recorded_reason_ ||
                    authorization.drift != recorded_drift_;
  if (!news) return {};
  auto written = parts_.audit.Write({.at = now,
                                     .action = action(),
                                     .verdict = authorization.verdict,
                                     .reason = authorization.reason,
                                     .peer = peer_,
                                     .issued = Describe(authorization.granted, minted),
                                     .drift = authorization.drift,
                                     .missing = authorization.seen.missing});
  if (!written) return written.error().Within("writing the audit record");
  recorded_reason_ = authorization.reason;
  recorded_drift_ = authorization.drift;
  return {};
}

BootClock::duration RotateAfter(BootClock::duration lifetime, std::string_view serial) {
  std::uint32_t hash = 2166136261U;  // FNV-1a, 32 bit: spread, not secrecy.
  for (const char byte : serial) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
  const auto tenth = lifetime / 2 / 10;
  const double place = 2.0 * hash / 4294967295.0 - 1.0;  // -1 to 1
  return lifetime / 2 + BootClock::duration(static_cast<BootClock::rep>(
                            place * static_cast<double>(tenth.count())));
}

}  // namespace surety
