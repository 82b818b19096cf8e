#include "agent/daemon_following.h"

#include <spdlog/spdlog.h>

#include "agent/federation/followed_list.h"
#include "agent/identity/trusted_file.h"

namespace surety {

DaemonFollowing::DaemonFollowing(const Config& config, Parts parts, Note note,
                                 std::shared_ptr<spdlog::logger> logger)
    : state_dir_(config.state_dir),
      own_(config.trust_domain),
      endpoints_(config.federation),
      parts_(parts),
      note_(std::move(note)),
      logger_(std::move(logger)) {}

Result<void> DaemonFollowing::Start() {
  if (auto ended = EndTheOthers(); !ended) return ended.error().Within("[[federation]]");
  for (const FederationConfig& endpoint : endpoints_)
    if (auto taken = TakeFirstBundle(endpoint); !taken)
      return taken.error().Within("bundle_file of [[federation]]");
  for (const FederationConfig& endpoint : endpoints_) Follow(endpoint);
  return {};
}

void DaemonFollowing::Stop() {
  for (const auto& follower : followers_) follower->End();
  followers_.clear();
}

Result<void> DaemonFollowing::EndTheOthers() {
  std::vector<TrustDomain> followed;
  for (const FederationConfig& endpoint : endpoints_) followed.push_back(endpoint.trust_domain);
  const auto ended = EndUnfollowed(state_dir_, parts_.held, followed);
  if (!ended) return ended.error();
  for (const TrustDomain& each : *ended) {
    logger_->warn("{} is followed no more: its bundle is deleted", each.IdText());
    note_("federation.ended", NoticeSeverity::kWarning, {{"trust_domain", each.name()}});
  }
  return {};
}

// Once there is a bundle, what the file says is old.
Result<void> DaemonFollowing::TakeFirstBundle(const FederationConfig& endpoint) {
  if (endpoint.bundle_file.empty() || parts_.held.Current()->Find(endpoint.trust_domain.name()))
    return {};
  Diagnostics found;
  FileDiagnostics here(endpoint.bundle_file, found);
  const auto document = ReadTrustedFile(kMostBundleDocumentBytes, here);
  if (!document) return Error(ErrorCode::kInvalidArgument, Summary(found));
  const auto taken =
      parts_.held.Set(endpoint.trust_domain, *document, ForeignBundles::From::kOperator);
  if (!taken) return taken.error().Within(endpoint.bundle_file);
  for (const std::string& warning : taken->warnings)
    logger_->warn("{}: {}", endpoint.bundle_file, warning);
  return {};
}

void DaemonFollowing::Follow(const FederationConfig& endpoint) {
  followers_.push_back(std::make_unique<EndpointFollower>(
      FollowedEndpoint{.trust_domain = endpoint.trust_domain,
                       .url = endpoint.url,
                       .server_id = endpoint.endpoint_spiffe_id,
                       .ca_file = endpoint.ca_file},
      parts_.held, parts_.clock,
      [this](const TrustDomain& trust_domain) { return AuthoritiesOf(trust_domain); },
      EventsOf(endpoint)));
}

EndpointFollower::Events DaemonFollowing::EventsOf(const FederationConfig& endpoint) {
  const std::string name = endpoint.trust_domain.name();
  return {.took =
              [this, name](const ForeignBundle& bundle, bool changed, bool again) {
                const std::string sequence =
                    bundle.sequence ? std::to_string(*bundle.sequence) : "none";
                if (again) logger_->info("the bundle endpoint of {} answers again", name);
                if (!changed) return;
                logger_->info("the bundle of {} has changed: sequence {}, CAs: {}", name, sequence,
                              bundle.x509_authorities.size());
                note_("federation.followed", NoticeSeverity::kInfo,
                      {{"trust_domain", name},
                       {"sequence", sequence},
                       {"authorities", std::to_string(bundle.x509_authorities.size())}});
              },
          .failed =
              [this, name](const Error& why) {
                logger_->error("the bundle of {} is not renewed: {}", name, why.Text());
                note_("federation.failed", NoticeSeverity::kWarning,
                      {{"trust_domain", name}, {"why", why.Text()}});
              },
          .warned =
              [this, name](const std::string& sentence) {
                logger_->warn("the bundle of {}: {}", name, sentence);
              }};
}

std::vector<std::string> DaemonFollowing::AuthoritiesOf(const TrustDomain& trust_domain) const {
  if (trust_domain == own_) return parts_.own.Bundles()->x509_authorities;
  const auto bundle = parts_.held.Current()->Find(trust_domain.name());
  return bundle ? bundle->x509_authorities : std::vector<std::string>();
}

std::vector<std::string> DaemonFollowing::Degraded() const {
  std::vector<std::string> all;
  for (const auto& follower : followers_)
    if (auto sentence = follower->Degraded(); !sentence.empty()) all.push_back(std::move(sentence));
  return all;
}

}  // namespace surety
