#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <thread>

#include "agent/issuance/embedded_authority.h"
#include "agent/issuance/files_authority.h"
#include "agent/issuance/key_memory.h"
#include "tests/unit/issuance/crl_publishing.h"
#include "tests/unit/issuance/crl_support.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using std::chrono::hours;

constexpr int kThreads = 8;
constexpr int kEach = 40;

// A clock that moves only between what threads do at one of its times.
class SharedHour {
 public:
  template <typename Body>
  void At(Body body) {
    std::unique_lock in_turn(turnstile_);
    const std::shared_lock lock(mutex_);
    in_turn.unlock();
    body(After(hours(hour_)).wall);
  }
  void Move(int by) {
    const std::lock_guard in_turn(turnstile_);
    const std::lock_guard lock(mutex_);
    hour_ += by;
  }

 private:
  std::mutex turnstile_;  // So that movers are not kept out by readers.
  std::shared_mutex mutex_;
  int hour_ = 0;
};

// Threads sign while `change` goes on; every SVID verifies under the bundle
// asked for after it, and no serial is drawn twice.
template <typename Change>
void SignMeanwhile(Issuer& issuer, const BundleSource& source, SharedHour& hour, Change change) {
  std::mutex mutex;
  std::set<std::string> serials;
  std::atomic<int> refused = 0;
  std::atomic<int> running = kThreads;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < kEach; ++round) {
          hour.At([&](WallTime now) {
            const auto svid = issuer.Issue(EntryFor("spiffe://example.org/web"), now);
            const auto bundles = source.Bundles();
            if (!svid || !WhyRefused(svid->chain_der, bundles->x509_authorities, now).empty()) {
              ++refused;
              return;
            }
            const std::lock_guard lock(mutex);
            serials.insert(svid->serial);
          });
        }
        --running;
      });
    }
    while (running > 0) change();
  }
  EXPECT_EQ(refused, 0);
  EXPECT_EQ(serials.size(), static_cast<std::size_t>(kThreads * kEach));
}

TEST(ConcurrentIssue, WhileTheEmbeddedAuthorityRotates) {
  (void)LockKeyMemory();
  const TempFolder temp;
  EmbeddedOptions options = OptionsFor(temp);
  options.times.ca_ttl = hours(60);
  const auto authority = OpenEmbedded(options, Start());
  ASSERT_TRUE(authority);
  SharedHour hour;
  int at = 0;
  int rotations = 0;
  SignMeanwhile(**authority, **authority, hour, [&] {
    at += 5;
    const AuthorityProgress progress = (*authority)->Advance(After(hours(at)));
    EXPECT_FALSE(progress.failure);
    rotations += progress.signer_changed ? 1 : 0;
    EXPECT_TRUE((*authority)->Degraded(After(hours(at)).wall).empty());
    EXPECT_FALSE((*authority)->Status().empty());
    hour.Move(5);
  });
  EXPECT_GT(rotations, 2);
}

TEST(ConcurrentIssue, WhileTheOperatorsFilesAreReadAgain) {
  const TempFolder temp;
  const MadeCa ca = MakeCa({.key = "RSA-2048"});
  const FilesOptions options{.trust_domain = ExampleOrg(),
                             .state_dir = temp.Path("state"),
                             .files = {.cert = temp.Write("ca.pem", ca.CertificatePem()),
                                       .key = temp.Write("ca.key", ca.KeyPem()),
                                       .chain = ""}};
  const auto authority = OpenFromFiles(options, Start());
  ASSERT_TRUE(authority) << authority.error().Text();
  SharedHour hour;
  SignMeanwhile(**authority, **authority, hour,
                [&] { EXPECT_FALSE((*authority)->Reload(Start()).failure); });
}

TEST(ConcurrentIssue, WhileCrlsArePublished) {
  Publishing at;
  at.authority_options.times.ca_ttl = hours(60);
  at.Restart(Start());
  at.Turn(Start());
  SharedHour hour;
  int time = 0;
  std::jthread status([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      EXPECT_FALSE(at.publisher->Status().issuers.empty());
      EXPECT_TRUE(at.publisher->Degraded(Start().wall).size() < 10);
    }
  });
  SignMeanwhile(*at.authority, *at.publisher, hour, [&] {
    const Moment now = After(hours(++time));
    const X509Svid bad = at.Issue(now);
    at.revocations.Add(Revoke(bad, now.wall));
    EXPECT_FALSE(at.Turn(now).failure);
    EXPECT_TRUE(Names(at.CrlOf(bad), bad));
    hour.Move(1);
  });
  EXPECT_GT(time, 0);
}

}  // namespace
}  // namespace surety
