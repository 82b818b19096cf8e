#include "surety/svid_stream.h"

namespace surety {

Result<BootTime> BundleStream::Step(Moment now, Sink& sink) {
  auto authorization = Authorize(parts_, times_, peer_, Action::kBundles, now);
  if (!authorization) return authorization.error();
  const auto recorded = Record(*authorization, now);

  if (authorization->verdict == Verdict::kRefuse)
    return Error(ErrorCode::kPermissionDenied, "no identity issued: " + authorization->reason);
  if (authorization->verdict == Verdict::kUndecided || !recorded) {
    if (!pushed_revision_ && retry_.GaveUp(now.boot))
      return Error(ErrorCode::kUnavailable,
                   "could not tell who is calling: " +
                       (recorded ? authorization->reason : recorded.error().Text()));
    return retry_.After(now.boot);
  }

  retry_.Reset();
  const auto bundles = parts_.bundles.Bundles();
  if (pushed_revision_ != bundles->revision) {
    if (auto pushed = sink.Push(*bundles); !pushed) return pushed.error();
    pushed_revision_ = bundles->revision;
  }
  return now.boot + times_.recheck;
}

Result<void> BundleStream::Record(const Authorization& authorization, Moment now) {
  if (authorization.reason == recorded_reason_) return {};
  auto written = parts_.audit.Write({.at = now,
                                     .action = Action::kBundles,
                                     .verdict = authorization.verdict,
                                     .reason = authorization.reason,
                                     .peer = peer_,
                                     .issued = {},
                                     .drift = authorization.drift,
                                     .missing = authorization.seen.missing});
  if (!written) return written.error().Within("writing the audit record");
  recorded_reason_ = authorization.reason;
  return {};
}

}  // namespace surety
