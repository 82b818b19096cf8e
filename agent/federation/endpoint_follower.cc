#include "agent/federation/endpoint_follower.h"

#include <algorithm>
#include <utility>

namespace surety {
namespace {

constexpr Seconds kUsualHint{300};
constexpr int kMostDoublings = 9;  // 512 s, above the usual hint.

}  // namespace

EndpointFollower::EndpointFollower(FollowedEndpoint endpoint, ForeignBundles& held,
                                   const Clock& clock, Authorities authorities, Events events,
                                   EndpointLimits limits)
    : endpoint_(std::move(endpoint)),
      held_(held),
      clock_(clock),
      authorities_(std::move(authorities)),
      events_(std::move(events)),
      limits_(limits),
      thread_([this](const std::stop_token& stop) { Follow(stop); }) {}

void EndpointFollower::Follow(const std::stop_token& stop) {
  int failures = 0;
  while (!stop.stop_requested()) {
    const auto polled = Poll(stop);
    if (stop.stop_requested()) return;
    failures = polled ? 0 : failures + 1;
    if (!polled) Failed(polled.error());
    std::unique_lock lock(mutex_);
    pause_.wait_for(lock, stop, UntilNext(failures), [] { return false; });
  }
}

Result<void> EndpointFollower::Poll(const std::stop_token& stop) {
  const auto request = Request();
  if (!request) return request.error();
  const auto document = FetchBundleDocument(*request, clock_.Now().wall, limits_, stop);
  if (!document) return document.error();
  const auto set = held_.Set(endpoint_.trust_domain, *document, ForeignBundles::From::kEndpoint);
  if (!set) return set.error().Within("the bundle at " + endpoint_.url);
  Took(*set);
  return {};
}

Result<EndpointRequest> EndpointFollower::Request() const {
  EndpointRequest request{
      .url = endpoint_.url, .server = std::nullopt, .ca_file = endpoint_.ca_file};
  if (!endpoint_.server_id) return request;
  const TrustDomain& who = endpoint_.server_id->trust_domain();
  auto authorities = authorities_(who);
  if (authorities.empty())
    return Error(ErrorCode::kNotFound,
                 "there is no CA of " + who.name() + " to believe the server at " + endpoint_.url +
                     " by: give its bundle with surety bundle set, or as bundle_file");
  request.server = {*endpoint_.server_id, std::move(authorities)};
  return request;
}

void EndpointFollower::Took(const ForeignBundles::SetOutcome& outcome) {
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    again = !std::exchange(failure_, {}).empty();
  }
  for (const std::string& sentence : outcome.warnings)
    if (std::ranges::find(warnings_, sentence) == warnings_.end()) events_.warned(sentence);
  warnings_ = outcome.warnings;
  // Somebody may have deleted it meanwhile.
  const auto bundle = held_.Current()->Find(endpoint_.trust_domain.name());
  if (bundle && (outcome.changed || again)) events_.took(*bundle, outcome.changed, again);
}

void EndpointFollower::Failed(const Error& why) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(failure_, why.Text()) == why.Text()) return;
  }
  events_.failed(why);
}

Seconds EndpointFollower::UntilNext(int failures) const {
  const auto bundle = held_.Current()->Find(endpoint_.trust_domain.name());
  if (bundle) return bundle->refresh_hint;
  if (failures == 0) return kUsualHint;
  return std::min(kUsualHint, Seconds(1 << std::min(failures - 1, kMostDoublings)));
}

std::string EndpointFollower::Degraded() const {
  const std::lock_guard lock(mutex_);
  if (failure_.empty()) return {};
  return "the bundle of " + endpoint_.trust_domain.name() + " is not renewed: " + failure_;
}

}  // namespace surety
