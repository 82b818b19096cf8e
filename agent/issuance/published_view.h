#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "agent/issuance/authority.h"
#include "agent/issuance/signer.h"

namespace surety {

/// What an authority shows to the outside at one time, exchanged as a whole, so
/// that nobody sees a new signer with the bundle from before. Thread-safe; the
/// lock is held for copying a few pointers and never while signing.
class PublishedView {
 public:
  struct Content {
    std::shared_ptr<const Signer> signer;
    std::shared_ptr<const BundleSet> bundles;
    std::vector<std::shared_ptr<const Signer>> crl_signers;
    std::vector<AuthorityStatus> status;
  };

  void Publish(Content content) {
    const std::lock_guard lock(mutex_);
    content_ = std::move(content);
  }
  [[nodiscard]] std::shared_ptr<const Signer> signer() const {
    const std::lock_guard lock(mutex_);
    return content_.signer;
  }
  [[nodiscard]] std::shared_ptr<const BundleSet> bundles() const {
    const std::lock_guard lock(mutex_);
    return content_.bundles;
  }
  [[nodiscard]] std::vector<std::shared_ptr<const Signer>> crl_signers() const {
    const std::lock_guard lock(mutex_);
    return content_.crl_signers;
  }
  [[nodiscard]] std::vector<AuthorityStatus> status() const {
    const std::lock_guard lock(mutex_);
    return content_.status;
  }

 private:
  mutable std::mutex mutex_;
  Content content_;
};

/// The certificates' names in the manifest: SHA-256 of each, lower-case hex.
std::vector<std::string> DigestsOf(const std::vector<std::string>& certificates);

}  // namespace surety
