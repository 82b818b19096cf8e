#include "agent/issuance/jwt_authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "agent/issuance/jwt_manifest.h"
#include "tests/fakes/failing_disk.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using Json = nlohmann::json;

JwtAuthorityOptions JwtOptionsFor(const TempFolder& temp) {
  return {.trust_domain = ExampleOrg(),
          .state_dir = temp.Path("state"),
          .times = {.ca_ttl = hours(6), .max_svid_ttl = Seconds(300)}};
}

std::unique_ptr<JwtAuthority> OpenKeys(const TempFolder& temp, Moment now = Start()) {
  auto keys = OpenJwtAuthority(JwtOptionsFor(temp), now);
  EXPECT_TRUE(keys) << keys.error().Text();
  return *std::move(keys);
}

std::string TokenOf(JwtAuthority& keys, WallTime now) {
  const std::vector<std::string> audiences{"reports"};
  const auto svid = keys.IssueToken(EntryFor("spiffe://example.org/web"), audiences, now);
  EXPECT_TRUE(svid) << svid.error().Text();
  return {svid->token.Reveal().begin(), svid->token.Reveal().end()};
}

std::vector<std::string> KidsIn(const JwtAuthority& keys) {
  std::vector<std::string> kids;
  const Json set = Json::parse(keys.Bundles()->jwk_sets.at("example.org"));
  for (const Json& key : set["keys"]) kids.push_back(key["kid"]);
  return kids;
}

std::vector<std::string> PhasesIn(const JwtAuthority& keys) {
  std::vector<std::string> phases;
  for (const AuthorityStatus& one : keys.Status()) phases.push_back(one.phase);
  return phases;
}

TEST(JwtAuthority, SignsFromTheFirstStartOnAndAfterTheNext) {
  const TempFolder temp;
  std::string token;
  std::vector<std::string> kids;
  {
    const auto keys = OpenKeys(temp);
    token = TokenOf(*keys, Start().wall);
    kids = KidsIn(*keys);
    EXPECT_THAT(kids, testing::SizeIs(1));
  }
  const auto keys = OpenKeys(temp, After(minutes(1)));
  EXPECT_EQ(KidsIn(*keys), kids);
  EXPECT_TRUE(keys->Validate(token, "reports", After(minutes(1)).wall));
}

TEST(JwtAuthority, FilesAreForTheDaemonAlone) {
  const TempFolder temp;
  const auto keys = OpenKeys(temp);
  struct ::stat found {};
  ASSERT_EQ(::stat(temp.Path("state/jwt").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0700U);
  const auto names = NamesIn(temp.Path("state/jwt"), ".pem");
  ASSERT_THAT(names, testing::SizeIs(1));
  ASSERT_EQ(::stat(temp.Path("state/jwt/" + names.front()).c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  EXPECT_EQ(names.front(), KidsIn(*keys).front() + ".pem");
}

TEST(JwtAuthority, ANewKeyIsPublishedLongBeforeItSignsAndTheOldOneLongAfter) {
  const TempFolder temp;
  const auto keys = OpenKeys(temp);
  const std::string first = KidsIn(*keys).front();
  EXPECT_FALSE(keys->Advance(After(hours(2))).bundles_changed);
  const auto prepared = keys->Advance(After(hours(3)));
  EXPECT_TRUE(prepared.bundles_changed);
  EXPECT_FALSE(prepared.signer_changed);
  EXPECT_THAT(PhasesIn(*keys), ElementsAre("active", "prepared"));
  ASSERT_THAT(KidsIn(*keys), testing::SizeIs(2));
  const std::string old = TokenOf(*keys, After(hours(4) - minutes(1)).wall);

  const auto activated = keys->Advance(After(hours(4)));
  EXPECT_TRUE(activated.signer_changed);
  EXPECT_FALSE(activated.bundles_changed);
  EXPECT_THAT(PhasesIn(*keys), ElementsAre("retired", "active"));
  EXPECT_TRUE(keys->Validate(old, "reports", After(hours(4)).wall));
  EXPECT_TRUE(
      keys->Validate(TokenOf(*keys, After(hours(4)).wall), "reports", After(hours(4)).wall));

  EXPECT_TRUE(keys->Advance(After(hours(6))).bundles_changed);
  EXPECT_EQ(KidsIn(*keys).size(), 2U) << "the retired one has gone, a third was prepared";
  EXPECT_THAT(KidsIn(*keys), testing::Not(testing::Contains(first)));
  keys->Advance(After(hours(13)));
  EXPECT_THAT(NamesIn(temp.Path("state/jwt"), ".pem"),
              testing::Not(testing::Contains(first + ".pem")));
}

TEST(JwtAuthority, TheSameBundleIsTheSameObject) {
  const TempFolder temp;
  const auto keys = OpenKeys(temp);
  const auto before = keys->Bundles();
  keys->Advance(After(minutes(1)));
  EXPECT_EQ(keys->Bundles(), before);
  keys->Advance(After(hours(3)));
  EXPECT_GT(keys->Bundles()->revision, before->revision);
}

TEST(JwtAuthority, SaysWhatToDoAboutDamage) {
  const TempFolder temp;
  OpenKeys(temp);
  const std::string name = NamesIn(temp.Path("state/jwt"), ".pem").front();
  const std::string path = temp.Path("state/jwt/" + name);
  const std::string manifest = temp.Path("state/jwt/manifest.json");
  const auto why_not = [&] {
    const auto keys = OpenJwtAuthority(JwtOptionsFor(temp), Start());
    return keys ? "it was opened" : keys.error().Text();
  };
  const std::string good = ReadText(path);
  WriteText(path, "nothing");
  EXPECT_THAT(why_not(), testing::AllOf(HasSubstr(name), HasSubstr("restore it from a backup")));
  {
    const TempFolder elsewhere;
    OpenKeys(elsewhere);
    WriteText(path, ReadText(elsewhere.Path("state/jwt/" +
                                            NamesIn(elsewhere.Path("state/jwt"), ".pem").front())));
    EXPECT_THAT(why_not(), HasSubstr("it holds the key"));
  }
  WriteText(path, good);
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  EXPECT_THAT(why_not(), HasSubstr("0600"));
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  const std::string text = ReadText(manifest);
  WriteText(manifest, "{}");
  EXPECT_THAT(why_not(), HasSubstr("manifest.json"));
  WriteText(manifest, text);
  ASSERT_EQ(::unlink(path.c_str()), 0);
  EXPECT_THAT(why_not(), HasSubstr(name));
  auto options = JwtOptionsFor(temp);
  options.trust_domain = *TrustDomain::Parse("other.org");
  EXPECT_FALSE(OpenJwtAuthority(options, Start()));
}

// Whatever write it dies at, the next start believes what was given out before.
TEST(JwtAuthority, NoDeathLosesAKeyThatHasSigned) {
  for (int at = 1; at < 100; ++at) {
    const TempFolder temp;
    const std::string given = temp.Write("given", "");
    const pid_t child = ::fork();
    if (child == 0) {
      FailingDisk disk(at, FailingDisk::Fault::kDie);
      auto keys = OpenJwtAuthority(JwtOptionsFor(temp), Start(), disk);
      if (!keys) ::_exit(1);
      for (const auto time : {hours(0), hours(3), hours(4), hours(5)}) {
        (*keys)->Advance(After(time));
        WriteText(given, std::to_string(time.count()) + " " + TokenOf(**keys, After(time).wall));
      }
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    const bool died = WIFEXITED(status) && WEXITSTATUS(status) == FailingDisk::kDied;
    const auto keys = OpenKeys(temp, After(hours(5)));
    ASSERT_TRUE(keys);
    TokenOf(*keys, After(hours(5)).wall);
    std::istringstream said(ReadText(given));
    int hour = 0;
    std::string token;
    if (said >> hour >> token) {
      const auto known = keys->Validate(token, "reports", After(hours(hour)).wall);
      EXPECT_TRUE(known) << at << ": " << known.error().Text();
    }
    if (!died) {
      EXPECT_GT(at, 10) << "too few writes to be the whole life";
      return;
    }
  }
  FAIL() << "a life has more writes than were tried";
}

TEST(JwtAuthority, AKeyThatHasLostItsManifestIsNotThrownAway) {
  const TempFolder temp;
  { ASSERT_TRUE(OpenKeys(temp, Start())); }
  ASSERT_EQ(::unlink(temp.Path("state/jwt/manifest.json").c_str()), 0);
  const auto keys = OpenJwtAuthority(JwtOptionsFor(temp), Start());
  ASSERT_FALSE(keys);
  EXPECT_THAT(keys.error().Text(), HasSubstr("manifest.json"));
}

TEST(JwtAuthority, AFullDiskIsToldAndTriedAgain) {
  const TempFolder temp;
  FailingDisk counted(0, FailingDisk::Fault::kFail);
  { ASSERT_TRUE(OpenJwtAuthority(JwtOptionsFor(temp), Start(), counted)); }
  FailingDisk disk(1, FailingDisk::Fault::kFail);
  auto keys = OpenJwtAuthority(JwtOptionsFor(temp), Start(), disk);
  ASSERT_TRUE(keys) << keys.error().Text();
  const auto failed = (*keys)->Advance(After(hours(3)));
  ASSERT_TRUE(failed.failure);
  EXPECT_THAT((*keys)->Degraded(After(hours(3)).wall), testing::SizeIs(1));
  EXPECT_THAT(KidsIn(**keys), testing::SizeIs(1));
  TokenOf(**keys, After(hours(3)).wall);
  const auto again = (*keys)->Advance(After(hours(3) + minutes(1)));
  EXPECT_FALSE(again.failure);
  EXPECT_TRUE(again.bundles_changed);
  EXPECT_THAT((*keys)->Degraded(After(hours(3) + minutes(1)).wall), testing::IsEmpty());
}

TEST(JwtAuthority, KeysThatAClockWasAheadOfAreToldOf) {
  const TempFolder temp;
  const auto keys = OpenKeys(temp);
  Moment ahead = After(hours(1));
  ahead.wall += hours(24 * 365);
  ASSERT_FALSE(keys->Advance(ahead).failure);
  EXPECT_THAT(keys->Degraded(ahead.wall), testing::IsEmpty());
  const Moment back = After(hours(2));
  ASSERT_FALSE(keys->Advance(back).failure);
  EXPECT_THAT(keys->Degraded(back.wall),
              ElementsAre(HasSubstr("1 of the keys for jwt-svid are not valid yet")));
  TokenOf(*keys, back.wall);
}

TEST(JwtManifest, PrintsWhatItReadsAndReadsNothingElse) {
  const JwtManifest manifest{.trust_domain = "example.org",
                             .revision = 7,
                             .keys = {{.key_id = std::string(42, 'a') + "A",
                                       .phase = Phase::kActive,
                                       .not_before = Start().wall,
                                       .not_after = Start().wall + hours(1)}}};
  const std::string text = PrintJwtManifest(manifest);
  const auto read = ParseJwtManifest(text);
  ASSERT_TRUE(read) << read.error().Text();
  EXPECT_EQ(*read, manifest);
  Json json = Json::parse(text);
  for (const auto& [name, value] : json.items()) {
    Json without = json;
    without.erase(name);
    EXPECT_FALSE(ParseJwtManifest(without.dump())) << name;
  }
  json["keys"].push_back(json["keys"][0]);
  EXPECT_THAT(ParseJwtManifest(json.dump()).error().Text(), HasSubstr("twice"));
  json["keys"][1]["kid"] = std::string(42, 'b') + "A";
  EXPECT_THAT(ParseJwtManifest(json.dump()).error().Text(), HasSubstr("more than one"));
  json["keys"][1]["kid"] = "../x";
  EXPECT_FALSE(ParseJwtManifest(json.dump()));
}

}  // namespace
}  // namespace surety
