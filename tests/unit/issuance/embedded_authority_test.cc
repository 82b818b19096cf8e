#include "agent/issuance/embedded_authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <random>

#include "agent/issuance/manifest.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

std::unique_ptr<Authority> Open(const EmbeddedOptions& options, Moment now = Start()) {
  auto authority = OpenEmbedded(options, now);
  EXPECT_TRUE(authority) << authority.error().Text();
  return *std::move(authority);
}

std::string WhyNotOpened(const EmbeddedOptions& options, ErrorCode code, Moment now = Start()) {
  const auto authority = OpenEmbedded(options, now);
  EXPECT_FALSE(authority);
  if (authority) return "it was opened";
  EXPECT_EQ(authority.error().code(), code) << authority.error().Text();
  return authority.error().Text();
}

X509Svid Issue(Authority& authority, WallTime now, Seconds ttl = Seconds(900)) {
  auto svid = authority.Issue(EntryFor("spiffe://example.org/web", ttl), now);
  EXPECT_TRUE(svid) << svid.error().Text();
  return *std::move(svid);
}

std::string WhyRefusedBy(const Authority& authority, const X509Svid& svid, WallTime at) {
  return WhyRefused(svid.chain_der, authority.Bundles()->x509_authorities, at);
}

std::vector<std::string> PhasesOf(const Authority& authority) {
  std::vector<std::string> phases;
  for (const AuthorityStatus& one : authority.Status()) phases.push_back(one.phase);
  return phases;
}

std::string OnlyFile(const TempFolder& temp) {
  const auto names = NamesIn(temp.Path("state/authority"), ".pem");
  EXPECT_EQ(names.size(), 1U);
  return temp.Path("state/authority/" + names.front());
}

TEST(EmbeddedAuthority, SignsFromTheFirstStartOn) {
  const TempFolder temp;
  const auto authority = Open(OptionsFor(temp));
  EXPECT_EQ(WhyRefusedBy(*authority, Issue(*authority, Start().wall), Start().wall), "");
  EXPECT_EQ(PhasesOf(*authority), std::vector<std::string>{"active"});
  EXPECT_EQ(authority->Bundles()->trust_domain, ExampleOrg());
  EXPECT_EQ(authority->Bundles()->x509_authorities.size(), 1U);
  EXPECT_GT(authority->Bundles()->revision, 0U);
  EXPECT_TRUE(authority->Degraded(Start().wall).empty());
  const AuthorityStatus status = authority->Status().front();
  EXPECT_EQ(status.source, "embedded");
  EXPECT_EQ(status.subject_key_id.size(), 40U);
  EXPECT_EQ(status.serial.size(), 32U);
  EXPECT_EQ(status.not_after, Start().wall + hours(24 * 7));
}

TEST(EmbeddedAuthority, RestartKeepsAuthorityAndBundleAndRevision) {
  const TempFolder temp;
  auto first = Open(OptionsFor(temp));
  const X509Svid svid = Issue(*first, Start().wall);
  const auto before = first->Bundles();
  first.reset();
  const auto second = Open(OptionsFor(temp), After(minutes(1)));
  EXPECT_EQ(second->Bundles()->x509_authorities, before->x509_authorities);
  EXPECT_EQ(second->Bundles()->revision, before->revision);
  EXPECT_EQ(WhyRefusedBy(*second, svid, After(minutes(1)).wall), "");
}

TEST(EmbeddedAuthority, SignsForItsOwnTrustDomainOnly) {
  const TempFolder temp;
  const auto authority = Open(OptionsFor(temp));
  const auto svid = authority->Issue(EntryFor("spiffe://example.com/web"), Start().wall);
  ASSERT_FALSE(svid);
  EXPECT_EQ(svid.error().code(), ErrorCode::kInvalidArgument);
}

TEST(EmbeddedAuthority, PreparesPublishesActivatesAndRetires) {
  const TempFolder temp;
  EmbeddedOptions options = OptionsFor(temp);
  options.times.ca_ttl = hours(60);
  const auto authority = Open(options);
  const X509Svid first = Issue(*authority, Start().wall);
  const std::uint64_t revision = authority->Bundles()->revision;

  AuthorityProgress progress = authority->Advance(After(hours(29)));
  EXPECT_FALSE(progress.bundles_changed || progress.signer_changed || progress.failure);
  EXPECT_TRUE(progress.events.empty());

  progress = authority->Advance(After(hours(30)));
  EXPECT_TRUE(progress.bundles_changed);
  EXPECT_FALSE(progress.signer_changed);
  EXPECT_EQ(authority->Bundles()->revision, revision + 1);
  EXPECT_EQ(PhasesOf(*authority), (std::vector<std::string>{"active", "prepared"}));
  EXPECT_EQ(progress.events.size(), 1U);

  progress = authority->Advance(After(hours(40)));
  EXPECT_FALSE(progress.bundles_changed);
  EXPECT_TRUE(progress.signer_changed);
  EXPECT_EQ(authority->Bundles()->revision, revision + 1);
  EXPECT_EQ(PhasesOf(*authority), (std::vector<std::string>{"retired", "active"}));
  const X509Svid second = Issue(*authority, After(hours(40)).wall);
  EXPECT_NE(ParseDer(second.chain_der[0]), nullptr);
  const std::vector new_root{authority->Bundles()->x509_authorities.back()};
  EXPECT_EQ(WhyRefused(second.chain_der, new_root, After(hours(40)).wall), "");
  EXPECT_NE(WhyRefused(first.chain_der, new_root, Start().wall), "");

  progress = authority->Advance(After(hours(60)));
  EXPECT_TRUE(progress.bundles_changed);
  EXPECT_EQ(authority->Bundles()->revision, revision + 3);  // One left, the next one came.
  EXPECT_EQ(authority->Bundles()->x509_authorities.size(), 2U);
}

// Two months with restarts at random. An SVID verifies under every bundle from
// its issue to its end, also under the one pushed `publish_lead` before; the
// signer always has the longest TTL left; revisions only rise, and with them
// the content changes.
TEST(EmbeddedAuthority, RotatesForMonthsWithoutABreak) {
  const TempFolder temp;
  EmbeddedOptions options = OptionsFor(temp);
  options.times.ca_ttl = hours(72);
  options.times.max_svid_ttl = hours(6);
  std::mt19937 random(1);
  auto authority = Open(options);
  std::deque<X509Svid> alive;
  std::deque<std::vector<std::string>> recent{authority->Bundles()->x509_authorities};
  std::uint64_t revision = authority->Bundles()->revision;
  std::size_t changes = 0;
  for (auto time = BootClock::duration::zero(); time < hours(24 * 60); time += minutes(30)) {
    const Moment now = After(time);
    if (random() % 40 == 0) {
      authority.reset();
      authority = Open(options, now);
    }
    ASSERT_FALSE(authority->Advance(now).failure);
    const auto bundles = authority->Bundles();
    if (bundles->x509_authorities != recent.back()) {
      ASSERT_GT(bundles->revision, revision);
      ++changes;
    } else {
      ASSERT_EQ(bundles->revision, revision);
    }
    revision = bundles->revision;
    ASSERT_LE(bundles->x509_authorities.size(), 3U);

    alive.push_back(Issue(*authority, now.wall, hours(6)));
    ASSERT_EQ(alive.back().not_after, now.wall + hours(6));
    ASSERT_EQ(WhyRefused(alive.back().chain_der, recent.back(), now.wall), "");
    while (alive.front().not_after <= now.wall) alive.pop_front();
    ASSERT_EQ(WhyRefusedBy(*authority, alive.front(), now.wall), "");
    recent.push_back(bundles->x509_authorities);
    recent.pop_front();
  }
  EXPECT_GT(changes, 35U);
  EXPECT_LE(NamesIn(temp.Path("state/authority"), ".pem").size(), 6U);
}

TEST(EmbeddedAuthority, ClockThatLeapsForwardAndBackLosesNothing) {
  const TempFolder temp;
  auto authority = Open(OptionsFor(temp));
  const X509Svid svid = Issue(*authority, Start().wall);
  const auto root = authority->Bundles()->x509_authorities;

  Moment leapt = After(hours(1));
  leapt.wall += hours(24 * 365);
  EXPECT_TRUE(authority->Advance(leapt).signer_changed);
  EXPECT_EQ(WhyRefusedBy(*authority, Issue(*authority, leapt.wall), leapt.wall), "");
  EXPECT_EQ(authority->Bundles()->x509_authorities.size(), 1U);
  leapt.boot += hours(23);
  leapt.wall += hours(23);
  ASSERT_FALSE(authority->Advance(leapt).failure);

  const Moment back = After(hours(24));
  const AuthorityProgress progress = authority->Advance(back);
  EXPECT_TRUE(progress.bundles_changed);
  EXPECT_TRUE(progress.signer_changed);
  EXPECT_EQ(WhyRefusedBy(*authority, svid, Start().wall), "");
  EXPECT_EQ(WhyRefused(Issue(*authority, back.wall).chain_der, root, back.wall), "");
  EXPECT_THAT(authority->Degraded(back.wall), testing::ElementsAre(HasSubstr("not valid yet")));

  authority.reset();
  authority = Open(OptionsFor(temp), back);
  EXPECT_EQ(WhyRefused(Issue(*authority, back.wall).chain_der, root, back.wall), "");
}

TEST(EmbeddedAuthority, ClockSetBackBeforeTheFirstAuthorityStillSigns) {
  const TempFolder temp;
  auto authority = Open(OptionsFor(temp));
  const X509Svid svid = Issue(*authority, Start().wall);
  Moment back = After(minutes(5));
  back.wall -= hours(24);
  ASSERT_FALSE(authority->Advance(back).failure);
  EXPECT_EQ(WhyRefusedBy(*authority, Issue(*authority, back.wall), back.wall), "");
  EXPECT_EQ(WhyRefusedBy(*authority, svid, Start().wall), "");
}

TEST(EmbeddedAuthority, ClockThatLeapsAgainAndAgainIsBounded) {
  const TempFolder temp;
  const auto authority = Open(OptionsFor(temp));
  std::string failure;
  for (int year = 1; year < 40 && failure.empty(); ++year) {
    Moment leapt = After(minutes(year));
    leapt.wall += hours(24 * 365 * year);
    const AuthorityProgress progress = authority->Advance(leapt);
    if (progress.failure) failure = progress.failure->Text();
  }
  EXPECT_THAT(failure, HasSubstr("clock"));
  EXPECT_EQ(NamesIn(temp.Path("state/authority"), ".pem").size(), 16U);
  ASSERT_FALSE(authority->Advance(After(hours(1))).failure);
  EXPECT_EQ(WhyRefusedBy(*authority, Issue(*authority, After(hours(1)).wall), After(hours(1)).wall),
            "");
}

TEST(EmbeddedAuthority, IssueSaysThatItCannotWhenTheClockHasLeftTheSigner) {
  const TempFolder temp;
  const auto authority = Open(OptionsFor(temp));
  const auto svid =
      authority->Issue(EntryFor("spiffe://example.org/web"), Start().wall + hours(24 * 8));
  ASSERT_FALSE(svid);
  EXPECT_EQ(svid.error().code(), ErrorCode::kUnavailable);
}

TEST(EmbeddedAuthority, StartAfterALongStopBeginsAnew) {
  const TempFolder temp;
  auto first = Open(OptionsFor(temp));
  const std::uint64_t revision = first->Bundles()->revision;
  first.reset();
  const Moment later = After(hours(24 * 100));
  const auto second = Open(OptionsFor(temp), later);
  EXPECT_EQ(WhyRefusedBy(*second, Issue(*second, later.wall), later.wall), "");
  EXPECT_EQ(second->Bundles()->x509_authorities.size(), 1U);
  EXPECT_GT(second->Bundles()->revision, revision);
  EXPECT_EQ(PhasesOf(*second), (std::vector<std::string>{"retired", "active"}));
}

TEST(EmbeddedAuthority, ExpiredAuthorityIsForgottenAfterADayOfUptime) {
  const TempFolder temp;
  auto authority = Open(OptionsFor(temp));
  const std::string first = OnlyFile(temp);
  authority.reset();
  const auto days = [](int count) { return hours(24 * count); };
  authority = Open(OptionsFor(temp), After(days(100)));
  EXPECT_TRUE(fs::exists(first));
  ASSERT_FALSE(authority->Advance(After(days(100) + hours(23))).failure);
  EXPECT_TRUE(fs::exists(first));
  const std::uint64_t revision = authority->Bundles()->revision;
  ASSERT_FALSE(authority->Advance(After(days(101))).failure);
  EXPECT_FALSE(fs::exists(first));
  EXPECT_EQ(authority->Bundles()->revision, revision);
}

TEST(EmbeddedAuthority, DamagedFilesAreNamedAndNeverReplaced) {
  const TempFolder temp;
  Open(OptionsFor(temp)).reset();
  const std::string pem = OnlyFile(temp);
  const std::string manifest = temp.Path("state/authority/manifest.json");
  for (const std::string& path : {pem, manifest}) {
    const std::string good = ReadText(path);
    for (const std::string& bad : {std::string(), good.substr(0, good.size() / 2),
                                   std::string("garbage\n"), good.substr(0, good.size() - 30)}) {
      WriteText(path, bad);
      EXPECT_THAT(WhyNotOpened(OptionsFor(temp), ErrorCode::kDataLoss),
                  AllOf(HasSubstr(path), HasSubstr("backup"), HasSubstr("move the folder")));
      EXPECT_EQ(ReadText(path), bad);
    }
    WriteText(path, good);
  }
  fs::rename(pem, pem + ".away");
  EXPECT_THAT(WhyNotOpened(OptionsFor(temp), ErrorCode::kDataLoss), HasSubstr(pem));
  fs::rename(pem + ".away", pem);
  Open(OptionsFor(temp));
}

TEST(EmbeddedAuthority, AuthoritiesWithoutAManifestAreNotGuessedAt) {
  const TempFolder temp;
  EmbeddedOptions options = OptionsFor(temp);
  auto authority = Open(options);
  ASSERT_FALSE(authority->Advance(After(hours(24 * 4))).failure);
  authority.reset();
  fs::remove(temp.Path("state/authority/manifest.json"));
  EXPECT_THAT(WhyNotOpened(options, ErrorCode::kDataLoss, After(hours(24 * 4))),
              HasSubstr("manifest.json"));
}

TEST(EmbeddedAuthority, OlderManifestFromABackupStillTrustsWhatWasSigned) {
  const TempFolder temp;
  const std::string manifest = temp.Path("state/authority/manifest.json");
  auto authority = Open(OptionsFor(temp));
  const std::string old = ReadText(manifest);
  const Moment later = After(hours(24 * 5));
  ASSERT_FALSE(authority->Advance(After(hours(24 * 4))).failure);
  ASSERT_FALSE(authority->Advance(later).failure);
  const X509Svid svid = Issue(*authority, later.wall);
  authority.reset();
  WriteText(manifest, old);
  authority = Open(OptionsFor(temp), later);
  EXPECT_EQ(WhyRefusedBy(*authority, svid, later.wall), "");
}

TEST(EmbeddedAuthority, FileUnderAnotherNameIsRefused) {
  const TempFolder temp;
  Open(OptionsFor(temp)).reset();
  fs::copy_file(OnlyFile(temp), temp.Path("state/authority/" + std::string(32, 'a') + ".pem"));
  EXPECT_THAT(WhyNotOpened(OptionsFor(temp), ErrorCode::kDataLoss), HasSubstr("serial"));
}

TEST(EmbeddedAuthority, KeyFileOpenToOthersIsRefused) {
  const TempFolder temp;
  Open(OptionsFor(temp)).reset();
  fs::permissions(OnlyFile(temp), fs::perms::owner_read | fs::perms::others_read);
  EXPECT_THAT(WhyNotOpened(OptionsFor(temp), ErrorCode::kPermissionDenied),
              HasSubstr("chmod 0600"));
}

TEST(EmbeddedAuthority, FolderOfAnotherTrustDomainIsRefused) {
  const TempFolder temp;
  EmbeddedOptions options = OptionsFor(temp);
  Open(options).reset();
  options.trust_domain = *TrustDomain::Parse("example.com");
  EXPECT_THAT(WhyNotOpened(options, ErrorCode::kInvalidArgument),
              AllOf(HasSubstr("example.org"), HasSubstr("example.com")));
}

TEST(EmbeddedAuthority, SecondDaemonIsRefused) {
  const TempFolder temp;
  const auto first = Open(OptionsFor(temp));
  EXPECT_THAT(WhyNotOpened(OptionsFor(temp), ErrorCode::kAlreadyExists),
              HasSubstr("another daemon"));
}

TEST(EmbeddedAuthority, TimesThatDoNotFitAreRefusedBeforeAnythingIsWritten) {
  const TempFolder temp;
  EmbeddedOptions options = OptionsFor(temp);
  options.times.ca_ttl = options.times.max_svid_ttl * 2;
  EXPECT_THAT(WhyNotOpened(options, ErrorCode::kInvalidArgument), HasSubstr("ca_ttl"));
  EXPECT_FALSE(fs::exists(options.state_dir));
}

}  // namespace
}  // namespace surety
