#pragma once

#include "surety/admin_client.h"

namespace surety {

/// Answers what the test put into `answer`. Not thread-safe.
class FakeAdminClient final : public AdminClient {
 public:
  explicit FakeAdminClient(Result<DaemonStatus> status) : answer(std::move(status)) {}

  Result<DaemonStatus> GetStatus(std::chrono::milliseconds timeout) override {
    last_timeout = timeout;
    return answer;
  }

  Result<std::vector<Quarantine>> ListQuarantines(std::chrono::milliseconds /*timeout*/) override {
    return quarantines;
  }
  Result<Quarantine> AddQuarantine(const QuarantineOrder& order,
                                   std::chrono::milliseconds /*timeout*/) override {
    last_quarantine = order;
    if (quarantines && !quarantines->empty()) return quarantines->back();
    return Error(ErrorCode::kNotFound, "there is no process 4711");
  }
  Result<Quarantine> ReleaseQuarantine(std::uint64_t id, const std::string& reason,
                                       std::chrono::milliseconds /*timeout*/) override {
    last_release = {id, reason};
    if (quarantines && !quarantines->empty()) return quarantines->back();
    return Error(ErrorCode::kNotFound, "there is no quarantine 1");
  }
  Result<std::uint32_t> RevokeSvids(const RevocationOrder& order,
                                    std::chrono::milliseconds /*timeout*/) override {
    last_revocation = order;
    return revoked;
  }

  Result<std::string> GetBundle(const std::optional<TrustDomain>& trust_domain,
                                std::chrono::milliseconds /*timeout*/) override {
    last_bundle = trust_domain ? trust_domain->name() : "";
    return bundle;
  }
  Result<std::vector<HeldBundle>> ListBundles(std::chrono::milliseconds /*timeout*/) override {
    return held_bundles;
  }
  Result<BundleSetOutcome> SetBundle(const TrustDomain& trust_domain, const std::string& document,
                                     std::chrono::milliseconds /*timeout*/) override {
    last_bundle = trust_domain.name();
    last_document = document;
    return set_outcome;
  }
  Result<void> DeleteBundle(const TrustDomain& trust_domain,
                            std::chrono::milliseconds /*timeout*/) override {
    last_bundle = trust_domain.name();
    return deleted;
  }

  std::string last_bundle;  // The trust domain; empty: the daemon's own.
  std::string last_document;
  std::vector<HeldBundle> held_bundles;
  BundleSetOutcome set_outcome;
  Result<void> deleted;

  Result<std::string> bundle{std::string(R"({"keys":[]})")};
  Result<std::vector<Quarantine>> quarantines{std::vector<Quarantine>()};
  Result<std::uint32_t> revoked{0U};
  QuarantineOrder last_quarantine;
  std::pair<std::uint64_t, std::string> last_release;
  RevocationOrder last_revocation;
  Result<DaemonStatus> answer;
  std::chrono::milliseconds last_timeout{0};
};

}  // namespace surety
