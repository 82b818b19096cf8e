// The daemon dies, or the disk fails, at every single write of CRLs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "agent/issuance/der_writer.h"
#include "tests/fakes/failing_disk.h"
#include "tests/unit/issuance/crl_publishing.h"
#include "tests/unit/issuance/crl_support.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int kRounds = 6;
constexpr milliseconds kRound(1'500);

/// What peers had seen of one CRL.
struct Seen {
  std::uint64_t number = 0;
  std::int64_t this_update = 0;
};

Seen SeenOf(const Publishing& at) {
  const auto issuer = at.publisher->Status().issuers.at(0);
  return {
      .number = issuer.number,
      .this_update = std::chrono::floor<Seconds>(issuer.this_update).time_since_epoch().count()};
}

// Something is revoked in every round; what got out is written down elsewhere.
void Live(Publishing& at, const std::string& let_out) {
  std::ofstream out(let_out);
  for (int round = 0; round < kRounds; ++round) {
    const Moment now = After(round * kRound);
    at.revocations.Add(Revoke(at.Issue(now), now.wall));
    at.publisher->Work(now);
    const Seen seen = SeenOf(at);
    out << seen.number << ' ' << seen.this_update << std::endl;
  }
}

std::vector<Seen> ReadSeen(const std::string& path) {
  std::vector<Seen> all;
  std::ifstream in(path);
  for (Seen one; in >> one.number >> one.this_update;) all.push_back(one);
  return all;
}

void ExpectRising(const std::vector<Seen>& all) {
  for (std::size_t i = 1; i < all.size(); ++i) {
    EXPECT_GT(all[i].number, all[i - 1].number);
    EXPECT_GT(all[i].this_update, all[i - 1].this_update);
  }
}

TEST(CrlCrash, DeathAtAnyWriteRepeatsNoNumber) {
  int deaths = 0;
  for (bool died = true; died;) {
    SCOPED_TRACE("dying at write " + std::to_string(deaths + 1));
    FailingDisk disk(deaths + 1, FailingDisk::Fault::kDie);
    Publishing at(disk);
    const std::string let_out = at.temp.Path("let-out");
    const pid_t child = ::fork();
    if (child == 0) {
      at.Restart(Start());
      Live(at, let_out);
      ::_exit(0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    died = WEXITSTATUS(status) == FailingDisk::kDied;
    ASSERT_TRUE(died || WEXITSTATUS(status) == 0) << WEXITSTATUS(status);
    if (died) ++deaths;

    std::vector<Seen> seen = ReadSeen(let_out);
    Publishing again(Publishing::RealDisk());
    again.authority_options.state_dir = at.authority_options.state_dir;
    again.options = at.options;
    // Within a second of the last sign of life, by a clock that was set back.
    again.Restart(Start());
    EXPECT_FALSE(again.publisher->Work(Start()).failure);
    seen.push_back(SeenOf(again));
    ExpectRising(seen);
    EXPECT_TRUE(NamesIn(at.temp.Path("state/crl"), ".tmp").empty());
    EXPECT_TRUE(NamesIn(at.temp.path(), ".tmp").empty());
    EXPECT_THAT(ReadText(at.options.file), HasSubstr("END X509 CRL"));
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(deaths, 10 * kRounds);
}

TEST(CrlCrash, FailureOfAnyWriteKeepsNobodyFromBeingRevoked) {
  constexpr int kWrites = 11 * kRounds;
  for (int at_write = 1; at_write <= kWrites; ++at_write) {
    SCOPED_TRACE("failing at write " + std::to_string(at_write));
    FailingDisk disk(at_write, FailingDisk::Fault::kFail);
    Publishing at(disk);
    at.Restart(Start());
    int failures = 0;
    std::vector<Seen> seen;
    for (int round = 0; round < kRounds; ++round) {
      const Moment now = After(round * kRound);
      const X509Svid svid = at.Issue(now);
      at.revocations.Add(Revoke(svid, now.wall));
      const CrlProgress progress = at.publisher->Work(now);
      EXPECT_EQ(at.WhyRefused(svid, now), kRevoked);
      EXPECT_EQ(at.publisher->Degraded(now.wall).empty(), !progress.failure);
      failures += progress.failure ? 1 : 0;
      seen.push_back(SeenOf(at));
    }
    EXPECT_EQ(failures, 1);
    ExpectRising(seen);
    at.publisher->Work(After(kRounds * kRound + Seconds(5)));
    EXPECT_THAT(at.publisher->Degraded(After(kRounds * kRound).wall), IsEmpty());
    at.Restart(Start());
    at.publisher->Work(Start());
    seen.push_back(SeenOf(at));
    ExpectRising(seen);
    if (testing::Test::HasFailure()) return;
  }
}

/// Looks at what peers see at every write.
class LookingDisk final : public DiskWrites {
 public:
  Result<void> Sync(int fd, const std::string& name) override {
    if (publisher != nullptr) seen.push_back(publisher->Bundles()->crls);
    return DiskWrites::Sync(fd, name);
  }
  const CrlPublisher* publisher = nullptr;
  std::vector<std::vector<std::string>> seen;
};

TEST(CrlCrash, NumbersAreOnTheDiskBeforeAnybodySeesTheCrl) {
  LookingDisk disk;
  Publishing at(disk);
  at.options.file.clear();
  at.Restart(Start());
  at.publisher->Work(Start());
  const auto before = at.publisher->Bundles()->crls;
  disk.publisher = at.publisher.get();
  at.revocations.Add(Revoke(at.Issue(Start()), Start().wall));
  at.publisher->Work(After(Seconds(1)));
  EXPECT_NE(at.publisher->Bundles()->crls, before);
  EXPECT_THAT(disk.seen, ElementsAre(before, before));  // The file and its folder.
}

TEST(CrlCrash, NumbersThatCouldNotBeStoredAreStoredLater) {
  FailingDisk disk(1, FailingDisk::Fault::kFail);
  Publishing at(disk);
  at.Restart(Start());
  const CrlProgress failed = at.publisher->Work(Start());
  ASSERT_TRUE(failed.failure);
  EXPECT_TRUE(failed.bundles_changed);
  EXPECT_THAT(at.publisher->Degraded(Start().wall),
              ElementsAre(HasSubstr("numbers cannot be stored")));
  EXPECT_EQ(failed.call_again_at, After(Seconds(5)).boot);
  const Seen seen = SeenOf(at);
  EXPECT_FALSE(at.publisher->Work(After(Seconds(5))).failure);
  EXPECT_THAT(ReadText(at.temp.Path("state/crl/numbers.json")),
              HasSubstr(std::to_string(seen.number)));
}

}  // namespace
}  // namespace surety
