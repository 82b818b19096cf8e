// CRLs while authorities come and go and the clock leaps.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "agent/issuance/crl_publisher.h"
#include "agent/issuance/files_authority.h"
#include "tests/unit/issuance/crl_publishing.h"
#include "tests/unit/issuance/crl_support.h"

namespace surety {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string PhaseOf(const Authority& authority, const std::string& key_id) {
  for (const AuthorityStatus& one : authority.Status()) {
    if (one.subject_key_id == key_id) return one.phase;
  }
  return "gone";
}

TEST(CrlRotation, EveryAuthorityInTheBundleHasACrlFromTheDayItIsPrepared) {
  Publishing at;
  at.Restart(Start());
  std::map<std::string, WallTime> latest;
  std::size_t most = 0;
  for (auto time = minutes(0); time < hours(24 * 20); time += minutes(20)) {
    const Moment now = After(time);
    at.Turn(now);
    const auto bundles = at.publisher->Bundles();
    ASSERT_EQ(bundles->crls.size(), bundles->x509_authorities.size());
    most = std::max(most, bundles->crls.size());
    for (const std::string& der : bundles->crls) {
      const CrlPtr crl = ParseCrl(der);
      EXPECT_LE(ThisUpdateOf(*crl), now.wall);
      EXPECT_GT(NextUpdateOf(*crl), now.wall + minutes(9));
      EXPECT_GE(ThisUpdateOf(*crl), latest[IssuerKeyIdOf(*crl)]);
      latest[IssuerKeyIdOf(*crl)] = ThisUpdateOf(*crl);
    }
    ASSERT_EQ(at.WhyRefused(at.Issue(now), now), "");
  }
  EXPECT_EQ(most, 2U);
  EXPECT_GE(latest.size(), 4U);
}

TEST(CrlRotation, SvidOfARetiredAuthorityIsRevoked) {
  Publishing at;
  at.Restart(Start());
  at.Turn(Start());
  const Seconds day = hours(24);
  const X509Svid bad = at.Issue(After(hours(24 * 4)), day * 2);
  const X509Svid good = at.Issue(After(hours(24 * 4)), day * 2);
  Moment now = After(hours(24 * 4));
  while (PhaseOf(*at.authority, bad.issuer_key_id) != "retired") {
    now = {.boot = now.boot + hours(1), .wall = now.wall + hours(1)};
    at.Turn(now);
    ASSERT_LT(now.boot, After(hours(24 * 5)).boot);
  }
  EXPECT_EQ(at.WhyRefused(bad, now), "");
  now = {.boot = now.boot + Seconds(1), .wall = now.wall + Seconds(1)};
  for (const bool restarted : {false, true}) {
    if (restarted) at.Restart(now);
    if (!restarted) at.revocations.Add(Revoke(bad, now.wall));
    at.publisher->Work(now);
    EXPECT_EQ(at.WhyRefused(bad, now), kRevoked);
    EXPECT_EQ(at.WhyRefused(good, now), "");
    EXPECT_EQ(at.publisher->Status().issuers.size(), 2U);
  }
  const Moment end = After(hours(24 * 7) + minutes(1));
  at.Turn(end);
  EXPECT_EQ(at.publisher->Status().issuers.size(), 1U);
  EXPECT_NE(at.publisher->Status().issuers.front().key_id, bad.issuer_key_id);
}

TEST(CrlRotation, NewAuthorityIsInTheBundlesBeforeTheNextWork) {
  Publishing at;
  at.Restart(Start());
  at.Turn(Start());
  const auto before = at.publisher->Bundles();
  const Moment late = After(hours(24 * 30));  // The host slept: a new one signs at once.
  ASSERT_TRUE(at.authority->Advance(late).signer_changed);
  const X509Svid svid = at.Issue(late);
  const auto bundles = at.publisher->Bundles();
  EXPECT_EQ(WhyRefused(svid.chain_der, bundles->x509_authorities, late.wall), "");
  EXPECT_GT(bundles->revision, before->revision);
  EXPECT_NE(bundles->edition, before->edition);
  EXPECT_EQ(at.WhyRefused(svid, late), kNoCrl);
  EXPECT_TRUE(at.publisher->Work(late).bundles_changed);
  EXPECT_EQ(at.WhyRefused(svid, late), "");
}

TEST(CrlRotation, ClockThatLeapsForwardRenewsAtOnce) {
  Publishing at;
  at.Restart(Start());
  at.Turn(Start());
  const Moment leapt{.boot = After(minutes(1)).boot, .wall = After(hours(3)).wall};
  EXPECT_TRUE(at.Turn(leapt).bundles_changed);
  EXPECT_EQ(at.WhyRefused(at.Issue(leapt), leapt), "");
  EXPECT_FALSE(
      at.Turn({.boot = leapt.boot + Seconds(5), .wall = leapt.wall + Seconds(5)}).bundles_changed);
}

TEST(CrlRotation, ClockSetBackStillRevokesForThoseWhoseClockIsRight) {
  Publishing at;
  at.Restart(Start());
  at.Turn(After(minutes(5)));
  const X509Svid bad = at.Issue(After(minutes(5)), hours(2));
  const CrlPtr old = ParseCrl(at.CrlOf(bad));
  const Moment back{.boot = After(minutes(6)).boot, .wall = Start().wall - hours(12)};
  at.revocations.Add(Revoke(bad, back.wall));
  at.publisher->Work(back);
  const CrlPtr crl = ParseCrl(at.CrlOf(bad));
  EXPECT_EQ(ThisUpdateOf(*crl), ThisUpdateOf(*old) + Seconds(1));
  EXPECT_EQ(NextUpdateOf(*crl), ThisUpdateOf(*crl) + at.options.validity);
  EXPECT_GT(NumberOf(*crl), NumberOf(*old));
  EXPECT_EQ(at.WhyRefused(bad, After(minutes(6))), kRevoked);
  EXPECT_THAT(at.publisher->Degraded(back.wall), ElementsAre(HasSubstr("ahead of the clock")));
}

TEST(CrlRotation, ClockThatWasFarAheadOnceIsGotOver) {
  Publishing at;
  at.authority_options.times.ca_ttl = hours(24 * 3650);
  at.Restart(Start());
  at.Turn(Start());
  const X509Svid svid = at.Issue(After(minutes(2)), hours(5));
  const Moment ahead{.boot = After(minutes(1)).boot, .wall = After(hours(24 * 365)).wall};
  at.publisher->Work(ahead);
  EXPECT_THAT(at.publisher->Degraded(ahead.wall), IsEmpty());
  const CrlPtr wrong = ParseCrl(at.CrlOf(svid));

  BootTime again = After(minutes(2)).boot;
  bool believed = false;
  while (!believed && again < After(minutes(70)).boot) {
    const Moment now = After(again - Start().boot);
    again = at.publisher->Work(now).call_again_at;
    believed = at.WhyRefused(svid, now).empty();
    EXPECT_EQ(believed, at.publisher->Degraded(now.wall).empty());
  }
  EXPECT_TRUE(believed);
  EXPECT_GT(again, After(minutes(60)).boot);
  EXPECT_GT(NumberOf(*ParseCrl(at.CrlOf(svid))), NumberOf(*wrong));
}

TEST(CrlRotation, CrlThatHasRunOutIsTold) {
  Publishing at;
  at.Restart(Start());
  at.Turn(Start());
  EXPECT_THAT(at.publisher->Degraded(After(hours(1) - Seconds(1)).wall), IsEmpty());
  EXPECT_THAT(at.publisher->Degraded(After(hours(1)).wall), ElementsAre(HasSubstr("run out")));
}

/// An operator's CA below a root of his.
struct OperatorsCa {
  explicit OperatorsCa(const CaSpec& spec = {}) : root(MakeCa({.common_name = "Root"})) {
    Take(spec);
    temp.Write("chain.pem", root.CertificatePem());
    auto opened = OpenFromFiles({.trust_domain = ExampleOrg(),
                                 .state_dir = temp.Path("state"),
                                 .files = {.cert = temp.Path("ca.pem"),
                                           .key = temp.Path("ca.key"),
                                           .chain = temp.Path("chain.pem")}},
                                Start());
    EXPECT_TRUE(opened) << opened.error().Text();
    authority = *std::move(opened);
    auto published = CrlPublisher::Open(*authority, revocations, {.state_dir = temp.Path("state")});
    EXPECT_TRUE(published);
    publisher = *std::move(published);
  }
  void Take(const CaSpec& spec) {
    const MadeCa ca = MakeCa(spec, &root);
    temp.Write("ca.pem", ca.CertificatePem());
    temp.Write("ca.key", ca.KeyPem());
  }
  [[nodiscard]] X509Svid Issue() const {
    auto svid = authority->Issue(EntryFor("spiffe://example.org/web"), Start().wall);
    EXPECT_TRUE(svid);
    return *std::move(svid);
  }
  [[nodiscard]] std::string WhyRefused(const X509Svid& svid, WallTime at) const {
    const auto bundles = publisher->Bundles();
    return WhyRefusedWithCrls(svid.chain_der, bundles->x509_authorities, bundles->crls, at);
  }

  TempFolder temp;
  MadeCa root;
  FakeRevocations revocations;
  std::unique_ptr<Authority> authority;
  std::unique_ptr<CrlPublisher> publisher;
};

TEST(CrlRotation, OperatorsIntermediateSignsItsCrl) {
  const OperatorsCa ca({.key = "RSA-2048"});
  ca.publisher->Work(Start());
  EXPECT_EQ(ca.WhyRefused(ca.Issue(), Start().wall), "");
  EXPECT_THAT(ca.publisher->Degraded(Start().wall), IsEmpty());
}

TEST(CrlRotation, OperatorsCaThatMayNotSignCrlsIsToldWithTheCure) {
  OperatorsCa ca({.key_usage = "critical,keyCertSign"});
  ca.revocations.Add(Revoke(ca.Issue(), Start().wall));
  EXPECT_FALSE(ca.publisher->Work(Start()).failure);
  EXPECT_THAT(ca.publisher->Bundles()->crls, IsEmpty());
  const auto sentences = ca.publisher->Degraded(Start().wall);
  ASSERT_THAT(sentences, SizeIs(1));
  EXPECT_THAT(sentences.front(), HasSubstr("cRLSign"));
  EXPECT_THAT(sentences.front(), HasSubstr("1 revoked SVIDs"));
  EXPECT_THAT(sentences.front(), HasSubstr("issued again"));
}

TEST(CrlRotation, OperatorsCaFromBeforeAReloadStillRevokes) {
  OperatorsCa ca;
  ca.publisher->Work(Start());
  const X509Svid of_first = ca.Issue();
  for (int i = 1; i <= 10; ++i) {
    ca.Take({});  // The same name, another key.
    ASSERT_FALSE(ca.authority->Reload(After(minutes(i))).failure);
    EXPECT_TRUE(ca.publisher->Work(After(minutes(i))).bundles_changed);
    EXPECT_THAT(ca.publisher->Bundles()->crls, SizeIs(std::min(1 + i, 5)));
    if (i != 4) continue;
    ca.revocations.Add(Revoke(of_first, Start().wall));
    ca.publisher->Work(After(minutes(4) + Seconds(1)));
    EXPECT_EQ(ca.WhyRefused(of_first, After(minutes(4)).wall), kRevoked);
    EXPECT_EQ(ca.WhyRefused(ca.Issue(), After(minutes(4)).wall), "");
  }
}

TEST(CrlRotation, ReloadOfTheSameFilesPublishesNothing) {
  OperatorsCa ca;
  ca.publisher->Work(Start());
  ASSERT_FALSE(ca.authority->Reload(After(minutes(1))).failure);
  EXPECT_FALSE(ca.publisher->Work(After(minutes(1))).bundles_changed);
  EXPECT_THAT(ca.publisher->Bundles()->crls, SizeIs(1));
}

TEST(CrlRotation, OperatorsCaUnderARootThatIsGoneIsLeftOut) {
  OperatorsCa ca;
  ca.publisher->Work(Start());
  ca.root = MakeCa({.common_name = "Another root"});
  ca.temp.Write("chain.pem", ca.root.CertificatePem());
  ca.Take({});
  ASSERT_FALSE(ca.authority->Reload(After(minutes(1))).failure);
  ca.publisher->Work(After(minutes(1)));
  EXPECT_THAT(ca.publisher->Bundles()->crls, SizeIs(1));
  EXPECT_EQ(ca.WhyRefused(ca.Issue(), After(minutes(1)).wall), "");
}

}  // namespace
}  // namespace surety
