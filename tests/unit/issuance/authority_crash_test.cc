// The daemon dies, or the disk fails, at every single write of its life.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "agent/issuance/der_writer.h"
#include "agent/issuance/embedded_authority.h"
#include "agent/issuance/manifest.h"
#include "tests/fakes/failing_disk.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr BootClock::duration kTick = minutes(30);
constexpr BootClock::duration kEnd = hours(20);  // Three authorities come, one is forgotten.

EmbeddedOptions ShortLived(const TempFolder& temp) {
  EmbeddedOptions options = OptionsFor(temp);
  options.times.ca_ttl = hours(6);
  return options;
}

// What the daemon had let out by the time it died: kept outside of its folder.
struct LetOut {
  BootClock::duration at{};
  std::uint64_t revision = 0;
  std::string svid_hex;
};

std::vector<LetOut> ReadLetOut(const std::string& path) {
  std::vector<LetOut> all;
  std::ifstream in(path);
  LetOut one;
  for (std::int64_t at = 0; in >> at >> one.revision >> one.svid_hex;) {
    one.at = BootClock::duration(at);
    all.push_back(one);
  }
  return all;
}

std::string FromHex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

// A daemon's life: a rotation every four hours, an SVID every tick.
void Live(const TempFolder& temp, DiskWrites& disk, std::ofstream& let_out) {
  auto authority = OpenEmbedded(ShortLived(temp), Start(), disk);
  if (!authority) return;
  for (auto time = BootClock::duration::zero(); time < kEnd; time += kTick) {
    (void)(*authority)->Advance(After(time));
    const auto svid = (*authority)->Issue(EntryFor("spiffe://example.org/web"), After(time).wall);
    const std::string hex = svid ? Hex(svid->chain_der.front()) : "-";
    let_out << time.count() << ' ' << (*authority)->Bundles()->revision << ' ' << hex << std::endl;
  }
}

// The daemon comes back a second after its last sign of life.
void ExpectRecovery(const TempFolder& temp, const std::vector<LetOut>& let_out) {
  const auto last = let_out.empty() ? BootClock::duration::zero() : let_out.back().at;
  const Moment now = After(last + Seconds(1));
  const auto authority = OpenEmbedded(ShortLived(temp), now);
  ASSERT_TRUE(authority) << authority.error().Text();
  const auto bundles = (*authority)->Bundles();
  const auto svid = (*authority)->Issue(EntryFor("spiffe://example.org/web"), now.wall);
  ASSERT_TRUE(svid) << svid.error().Text();
  EXPECT_EQ(WhyRefused(svid->chain_der, bundles->x509_authorities, now.wall), "");
  if (!let_out.empty()) {
    EXPECT_GE(bundles->revision, let_out.back().revision);
    const std::vector chain{FromHex(let_out.back().svid_hex)};
    EXPECT_EQ(WhyRefused(chain, bundles->x509_authorities, now.wall), "");
  }

  const std::string folder = temp.Path("state/authority");
  EXPECT_TRUE(NamesIn(folder, ".tmp").empty());
  const auto manifest = ParseManifest(ReadText(folder + "/manifest.json"));
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->authorities.size(), NamesIn(folder, ".pem").size());
  EXPECT_EQ(std::ranges::count(manifest->authorities, Phase::kActive, &Manifest::Item::phase), 1);
  EXPECT_EQ(manifest->bundle_revision, bundles->revision);
}

TEST(AuthorityCrash, DeathAtAnyWriteIsRecoveredFrom) {
  int deaths = 0;
  for (bool died = true; died;) {
    SCOPED_TRACE("dying at write " + std::to_string(deaths + 1));
    const TempFolder temp;
    const std::string path = temp.Path("let-out");
    const pid_t child = ::fork();
    if (child == 0) {
      FailingDisk disk(deaths + 1, FailingDisk::Fault::kDie);
      std::ofstream let_out(path);
      Live(temp, disk, let_out);
      ::_exit(0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    died = WEXITSTATUS(status) == FailingDisk::kDied;
    ASSERT_TRUE(died || WEXITSTATUS(status) == 0) << WEXITSTATUS(status);
    if (died) ++deaths;
    ExpectRecovery(temp, ReadLetOut(path));
    if (testing::Test::HasFatalFailure()) return;
  }
  EXPECT_GT(deaths, 60);
}

TEST(AuthorityCrash, FailureOfAnyWriteStopsNothingAndLeavesNothing) {
  const int all = [] {
    const TempFolder temp;
    FailingDisk disk(0, FailingDisk::Fault::kFail);
    std::ofstream file(temp.Path("let-out"));
    Live(temp, disk, file);
    return disk.operations();
  }();
  EXPECT_GT(all, 60);
  for (int at = 1; at <= all; ++at) {
    SCOPED_TRACE("failing at write " + std::to_string(at));
    const TempFolder temp;
    FailingDisk disk(at, FailingDisk::Fault::kFail);
    const std::string path = temp.Path("let-out");
    std::ofstream file(path);
    Live(temp, disk, file);
    const auto let_out = ReadLetOut(path);
    EXPECT_TRUE(let_out.empty() || let_out.size() == static_cast<std::size_t>(kEnd / kTick));
    std::uint64_t revision = 0;
    for (const LetOut& one : let_out) {
      EXPECT_NE(one.svid_hex, "-");
      EXPECT_GE(one.revision, revision);
      revision = one.revision;
    }
    ExpectRecovery(temp, let_out);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(AuthorityCrash, FailureIsShownUntilItHasPassed) {
  const TempFolder temp;
  constexpr int kWritesOfAFirstStart = 15;
  FailingDisk disk(kWritesOfAFirstStart + 1, FailingDisk::Fault::kFail);
  const auto authority = OpenEmbedded(ShortLived(temp), Start(), disk);
  ASSERT_TRUE(authority);
  ASSERT_EQ(disk.operations(), kWritesOfAFirstStart);
  const AuthorityProgress failed = (*authority)->Advance(After(hours(3)));
  ASSERT_TRUE(failed.failure);
  EXPECT_FALSE(failed.bundles_changed);
  EXPECT_LE(failed.call_again_at, After(hours(3) + Seconds(10)).boot);
  EXPECT_EQ((*authority)->Degraded(After(hours(3)).wall).size(), 1U);
  const AuthorityProgress done = (*authority)->Advance(After(hours(3) + Seconds(5)));
  EXPECT_FALSE(done.failure);
  EXPECT_TRUE(done.bundles_changed);
  EXPECT_TRUE((*authority)->Degraded(After(hours(3)).wall).empty());
}

}  // namespace
}  // namespace surety
