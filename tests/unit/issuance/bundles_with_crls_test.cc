#include "agent/issuance/bundles_with_crls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// An authority's bundles that a test changes. As an authority may, it makes a new
/// object each time, whether or not anything is different.
class ChangingBundles final : public BundleSource {
 public:
  [[nodiscard]] std::shared_ptr<const BundleSet> Bundles() const override {
    const std::lock_guard lock(mutex_);
    return std::make_shared<BundleSet>(set_);
  }
  template <typename How>
  void Change(How change) {
    const std::lock_guard lock(mutex_);
    change(set_);
  }

 private:
  mutable std::mutex mutex_;
  BundleSet set_{.revision = 7,
                 .edition = 7,
                 .trust_domain = ExampleOrg(),
                 .x509_authorities = {"a"},
                 .federated = {},
                 .crls = {}};
};

TEST(BundlesWithCrls, HasWhatTheAuthorityHasAndTheCrls) {
  const ChangingBundles authority;
  BundlesWithCrls bundles(authority);
  EXPECT_THAT(bundles.Bundles()->crls, IsEmpty());
  bundles.Replace({"one", "two"});
  const auto now = bundles.Bundles();
  EXPECT_THAT(now->crls, ElementsAre("one", "two"));
  EXPECT_THAT(now->x509_authorities, ElementsAre("a"));
  EXPECT_EQ(now->revision, 7U);
}

TEST(BundlesWithCrls, EditionChangesWithAnythingAndWithNothingElse) {
  ChangingBundles authority;
  BundlesWithCrls bundles(authority);
  std::set<std::uint64_t> editions{bundles.Bundles()->edition};
  const auto expect_new = [&] {
    EXPECT_TRUE(editions.insert(bundles.Bundles()->edition).second);
    EXPECT_EQ(bundles.Bundles(), bundles.Bundles());
  };
  bundles.Replace({"one"});
  expect_new();
  bundles.Replace({"two"});
  expect_new();
  authority.Change([](BundleSet& set) { set.x509_authorities.emplace_back("b"); });
  expect_new();
  authority.Change([](BundleSet& set) { set.federated["other.org"] = {"c"}; });
  expect_new();
  authority.Change([](BundleSet& set) { ++set.revision; });
  expect_new();
  authority.Change([](BundleSet& set) { ++set.edition; });
  EXPECT_TRUE(editions.contains(bundles.Bundles()->edition));
  EXPECT_THAT(bundles.Bundles()->crls, ElementsAre("two"));
}

TEST(BundlesWithCrls, NeverGoBackForAnyThread) {
  ChangingBundles authority;
  BundlesWithCrls bundles(authority);
  std::atomic<bool> done = false;
  std::mutex mutex;
  std::map<std::uint64_t, std::shared_ptr<const BundleSet>> by_edition;
  const auto look = [&] {
    for (auto last = bundles.Bundles(); !done;) {
      auto now = bundles.Bundles();
      EXPECT_GE(now->revision, last->revision);
      EXPECT_GE(now->edition, last->edition);
      EXPECT_GE(now->crls, last->crls);
      const std::lock_guard lock(mutex);
      EXPECT_EQ(by_edition.emplace(now->edition, now).first->second, now);
      last = std::move(now);
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(look);
  const auto seen = [&] {
    const std::lock_guard lock(mutex);
    return by_edition.size();
  };
  // On, until the others have been given a core.
  for (int i = 1'000; i < 1'400 || (i < 9'000 && seen() <= 2); ++i) {
    authority.Change([](BundleSet& set) { ++set.revision; });
    const auto now = bundles.Bundles();
    bundles.Replace({std::to_string(i)});
    EXPECT_GT(bundles.Bundles()->edition, now->edition);
    std::this_thread::yield();
  }
  done = true;
  threads.clear();
  EXPECT_GT(by_edition.size(), 2U);
}

}  // namespace
}  // namespace surety
