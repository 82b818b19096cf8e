#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "agent/federation/bundle_reader.h"
#include "agent/issuance/authority_folder.h"

namespace surety {

/// The bundles of other trust domains at one time. Never changes once it is shared.
struct ForeignBundleSet {
  std::uint64_t revision = 0;  ///< Rises with every change within one run of the daemon.
  /// By the name of the trust domain.
  std::map<std::string, std::shared_ptr<const ForeignBundle>, std::less<>> by_name;

  /// Null if there is none.
  [[nodiscard]] std::shared_ptr<const ForeignBundle> Find(std::string_view name) const {
    const auto at = by_name.find(name);
    return at == by_name.end() ? nullptr : at->second;
  }
};

/// The bundles of other trust domains that this daemon holds: each in a file of its own in
/// <state_dir>/bundles, or all in one bundle map of the operator's. Bundles are never merged
/// (SPIFFE_Federation.md section 4.2). Thread-safe; Current() alone does not wait for the disk.
class ForeignBundles {
 public:
  /// Who brings a bundle.
  enum class From {
    kOperator,  ///< Knows what he does: an older bundle is taken, with a warning.
    kEndpoint,  ///< An older bundle is refused, so that nobody brings back revoked keys.
  };

  struct SetOutcome {
    bool changed = false;               ///< Whether anybody is believed who was not, or no more.
    std::vector<std::string> warnings;  ///< Sentences for people.
  };

  /// What a bundle map has changed: names of trust domains, and sentences for people.
  struct MapOutcome {
    std::vector<std::string> added;
    std::vector<std::string> changed;
    std::vector<std::string> withdrawn;
    std::vector<std::string> warnings;
  };

  /// Opens the folder, making it if it is missing, and reads what is in it. A file that is
  /// damaged is told of in Degraded() and its trust domain is absent. `changed` is called
  /// after every change, on the thread that made it, without a lock. The errors are those
  /// of AuthorityFolder::Open(). `disk` outlives the store.
  static Result<std::unique_ptr<ForeignBundles>> Open(const std::string& state_dir, TrustDomain own,
                                                      std::function<void()> changed,
                                                      DiskWrites& disk);
  static Result<std::unique_ptr<ForeignBundles>> Open(const std::string& state_dir, TrustDomain own,
                                                      std::function<void()> changed);

  /// Puts this bundle in the place of the one that is there; on success it is on the disk.
  /// kInvalidArgument: our own trust domain, a name too long for a file, a document that
  /// ReadBundleDocument() refuses (kResourceExhausted too), or an endpoint's that is older
  /// than the one held; or the bundle map has one. kResourceExhausted: kMostForeignBundles are
  /// there.
  Result<SetOutcome> Set(const TrustDomain& trust_domain, std::string_view document, From from);

  /// kNotFound if there is none, or none but the bundle map's.
  Result<void> Delete(const TrustDomain& trust_domain);

  /// Puts the bundles of a bundle map (ReadBundleMap) in the place of those of the map before:
  /// all of them at once, or none. They are kept in memory alone, for the map's file is there.
  /// What was set before for a trust domain of the map is deleted, so that it is not believed
  /// again once the map no longer names it. kResourceExhausted: with those that were set they
  /// are more than kMostForeignBundles. The errors of the disk; all is believed as before then.
  Result<MapOutcome> TakeMap(std::vector<ForeignBundle> bundles);

  /// Never null.
  [[nodiscard]] std::shared_ptr<const ForeignBundleSet> Current() const;

  /// The damaged files that nobody has replaced or deleted yet, a sentence each.
  [[nodiscard]] std::vector<std::string> Degraded() const;

 private:
  ForeignBundles(AuthorityFolder folder, TrustDomain own, std::function<void()> changed)
      : own_(std::move(own)), changed_(std::move(changed)), folder_(std::move(folder)) {}
  Result<void> ReadAll();
  [[nodiscard]] Result<ForeignBundle> ReadOne(const std::string& file) const;
  [[nodiscard]] Result<SetOutcome> Judge(const ForeignBundle* held, const ForeignBundle& next,
                                         From from) const;
  void Show(const std::string& name, std::shared_ptr<const ForeignBundle> bundle);
  [[nodiscard]] MapOutcome Compare(const ForeignBundleSet& before,
                                   const ForeignBundleSet& next) const;
  Result<void> RemoveFilesOfMapped(const ForeignBundleSet& next);
  void Show(ForeignBundleSet next);

  const TrustDomain own_;
  const std::function<void()> changed_;

  std::mutex writing_;
  AuthorityFolder folder_;  // By writing_.

  mutable std::mutex mutex_;  // Guards all below.
  std::shared_ptr<const ForeignBundleSet> current_ = std::make_shared<const ForeignBundleSet>();
  std::map<std::string, std::string> damaged_;  // Trust domain, or file name -> sentence.
};

inline constexpr std::size_t kMostForeignBundles = 1'000;

}  // namespace surety
