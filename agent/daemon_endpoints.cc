// Bundle endpoints, ours and those that are followed: the rest of Daemon.

#include "agent/daemon.h"
#include "agent/issuance/oidc_documents.h"

namespace surety {

void Daemon::MakeEndpoint() {
  if (!config_.bundle_endpoint) return;
  endpoint_ = std::make_unique<DaemonEndpoint>(
      *config_.bundle_endpoint, config_.x509.ttl, *authority_,
      [this](std::string_view what, NoticeSeverity severity,
             std::vector<std::pair<std::string, std::string>> details) {
        Note(what, severity, std::move(details));
      },
      logger_);
}

Result<void> Daemon::ServeEndpoint() {
  if (!endpoint_) return {};
  return endpoint_->Start([this](std::string_view path) { return PageAt(path); }, clock_.Now());
}

Result<HttpsPage> Daemon::PageAt(std::string_view path) const {
  const auto page = [this](Result<std::string> body) -> Result<HttpsPage> {
    if (!body) return body.error();
    return HttpsPage{.body = *std::move(body), .max_age = RefreshHint()};
  };
  if (path == "/") return page(BundleDocument());
  const bool oidc = !config_.oidc_issuer.empty();
  if (oidc && path == kOidcDocumentPath) return page(WriteOidcDocument(config_.oidc_issuer));
  if (oidc && path == kOidcKeysPath)
    return page(WriteOidcKeys(token_keys_->Bundles()->jwk_sets.at(config_.trust_domain.name())));
  return Error(ErrorCode::kNotFound, "there is nothing at this path");
}

Result<void> Daemon::FollowOthers() {
  following_ = std::make_unique<DaemonFollowing>(
      config_, DaemonFollowing::Parts{.held = *foreign_bundles_, .own = *crls_, .clock = clock_},
      [this](std::string_view what, NoticeSeverity severity,
             std::vector<std::pair<std::string, std::string>> details) {
        Note(what, severity, std::move(details));
      },
      logger_);
  return following_->Start();
}

}  // namespace surety
