#include "agent/issuance/crl_publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <algorithm>

#include "agent/issuance/der_writer.h"
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

std::vector<std::uint64_t> NumbersIn(const std::string& pem) {
  const BioPtr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<std::uint64_t> numbers;
  while (const CrlPtr crl{PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr)}) {
    numbers.push_back(NumberOf(*crl));
  }
  return numbers;
}

TEST(CrlPublisher, PublishesAtTheFirstCallThoughNothingIsRevoked) {
  Publishing at;
  at.Restart(Start());
  const X509Svid svid = at.Issue(Start());
  EXPECT_THAT(at.publisher->Bundles()->crls, IsEmpty());
  EXPECT_EQ(at.WhyRefused(svid, Start()), kNoCrl);

  const CrlProgress progress = at.publisher->Work(Start());
  EXPECT_FALSE(progress.failure);
  EXPECT_TRUE(progress.bundles_changed);
  EXPECT_THAT(progress.events, ElementsAre(HasSubstr("0 revoked")));
  EXPECT_EQ(at.WhyRefused(svid, Start()), "");
  const CrlPtr crl = ParseCrl(at.CrlOf(svid));
  EXPECT_EQ(ThisUpdateOf(*crl), Start().wall - at.options.clock_skew);
  EXPECT_EQ(NextUpdateOf(*crl), Start().wall + at.options.validity);
  EXPECT_THAT(at.publisher->Degraded(Start().wall), IsEmpty());
}

TEST(CrlPublisher, IsTheAuthoritysBundlesOtherwise) {
  Publishing at;
  at.Restart(Start());
  at.publisher->Work(Start());
  const auto own = at.authority->Bundles();
  const auto with = at.publisher->Bundles();
  EXPECT_EQ(with->revision, own->revision);
  EXPECT_EQ(with->trust_domain, own->trust_domain);
  EXPECT_EQ(with->x509_authorities, own->x509_authorities);
  EXPECT_EQ(with, at.publisher->Bundles());
}

TEST(CrlPublisher, RevokedIsRefusedAfterOneCall) {
  Publishing at;
  at.Restart(Start());
  at.publisher->Work(Start());
  const X509Svid bad = at.Issue(Start());
  const X509Svid good = at.Issue(Start());
  const auto before = at.publisher->Bundles();
  const CrlPtr old = ParseCrl(at.CrlOf(bad));

  const Moment now = After(minutes(5));
  at.revocations.Add(Revoke(bad, now.wall));
  const CrlProgress progress = at.publisher->Work(now);
  EXPECT_TRUE(progress.bundles_changed);
  EXPECT_EQ(at.WhyRefused(bad, now), kRevoked);
  EXPECT_EQ(at.WhyRefused(good, now), "");
  const auto after = at.publisher->Bundles();
  EXPECT_EQ(after->revision, before->revision);
  EXPECT_NE(after->edition, before->edition);
  const CrlPtr crl = ParseCrl(at.CrlOf(bad));
  EXPECT_GT(NumberOf(*crl), NumberOf(*old));
  EXPECT_GE(ThisUpdateOf(*crl), ThisUpdateOf(*old) + Seconds(1));
}

TEST(CrlPublisher, DoesNothingWhileNothingIsDue) {
  Publishing at;
  at.Restart(Start());
  const CrlProgress first = at.publisher->Work(Start());
  EXPECT_EQ(first.call_again_at, After(Seconds(60)).boot);
  const auto bundles = at.publisher->Bundles();
  for (int i = 1; i < 29; ++i) {
    const Moment now = After(minutes(i));
    const CrlProgress progress = at.Turn(now);
    EXPECT_FALSE(progress.bundles_changed);
    EXPECT_THAT(progress.events, IsEmpty());
    EXPECT_LE(progress.call_again_at, now.boot + Seconds(60));
  }
  EXPECT_EQ(at.publisher->Bundles(), bundles);
}

TEST(CrlPublisher, RenewsAtHalfOfTheValidity) {
  Publishing at;
  at.Restart(Start());
  at.publisher->Work(Start());
  const X509Svid svid = at.Issue(Start());
  const CrlPtr old = ParseCrl(at.CrlOf(svid));
  const CrlProgress early = at.publisher->Work(After(minutes(30) - Seconds(10)));
  EXPECT_FALSE(early.bundles_changed);
  EXPECT_EQ(early.call_again_at, After(minutes(30)).boot);
  EXPECT_TRUE(at.publisher->Work(After(minutes(30))).bundles_changed);
  const CrlPtr crl = ParseCrl(at.CrlOf(svid));
  EXPECT_GT(NumberOf(*crl), NumberOf(*old));
  EXPECT_EQ(NextUpdateOf(*crl), After(minutes(90)).wall);
}

// Time in tens of milliseconds: a revocation each, Work() as its answers say.
TEST(CrlPublisher, BurstIsPublishedAtOnceThenOftenAndWhenDatesRunOutEverySecond) {
  Publishing at;
  at.Restart(Start());
  BootTime again = at.publisher->Work(Start()).call_again_at;
  std::vector<milliseconds> published;
  std::vector<WallTime> dates;
  std::vector<X509Svid> revoked;
  for (milliseconds time = minutes(1); time < minutes(1) + Seconds(8); time += milliseconds(10)) {
    const Moment now = After(time);
    if (time < minutes(1) + Seconds(6)) {
      revoked.push_back(at.Issue(now));
      at.revocations.Add(Revoke(revoked.back(), now.wall));
    }
    const CrlProgress progress = at.publisher->Work(now);
    again = progress.call_again_at;
    EXPECT_GT(again, now.boot);
    if (!progress.bundles_changed) continue;
    published.push_back(time - minutes(1));
    dates.push_back(ThisUpdateOf(*ParseCrl(at.CrlOf(revoked.front()))));
  }
  EXPECT_EQ(published.front(), milliseconds(0));
  EXPECT_EQ(published.at(1), milliseconds(200));
  for (std::size_t i = 1; i < published.size(); ++i) {
    EXPECT_GE(published[i] - published[i - 1], milliseconds(200));
    EXPECT_LE(published[i] - published[i - 1], Seconds(1));
  }
  // Half of the skew's 30 seconds, five at a time, and one a second from then on.
  EXPECT_EQ(published.back() - published.at(published.size() - 2), Seconds(1));
  EXPECT_LE(published.size(), 26U);
  for (std::size_t i = 1; i < dates.size(); ++i) EXPECT_GE(dates[i], dates[i - 1] + Seconds(1));
  EXPECT_EQ(at.publisher->Status().issuers.front().entries, 600U);
  for (const X509Svid& svid : revoked) EXPECT_TRUE(Names(at.CrlOf(svid), svid));
}

TEST(CrlPublisher, SaysWhenTheNextOfABurstIsDue) {
  Publishing at;
  at.Restart(Start());
  at.publisher->Work(Start());
  at.revocations.Add(Revoke(at.Issue(Start()), Start().wall));
  const CrlProgress progress = at.publisher->Work(After(milliseconds(1)));
  EXPECT_FALSE(progress.bundles_changed);
  EXPECT_EQ(progress.call_again_at, After(milliseconds(200)).boot);
  EXPECT_TRUE(at.publisher->Work(After(milliseconds(200))).bundles_changed);
}

TEST(CrlPublisher, WithoutSkewTheNextWaitsForTheClocksNextSecond) {
  Publishing at;
  at.options.clock_skew = Seconds(0);
  at.Restart(Start());
  at.publisher->Work(Start());
  const X509Svid svid = at.Issue(Start());
  at.revocations.Add(Revoke(svid, Start().wall));
  const Moment early = After(milliseconds(500));
  const CrlProgress progress = at.publisher->Work(early);
  EXPECT_FALSE(progress.bundles_changed);
  EXPECT_LE(progress.call_again_at, After(Seconds(1)).boot);
  EXPECT_TRUE(at.publisher->Work(After(Seconds(1))).bundles_changed);
  EXPECT_LE(ThisUpdateOf(*ParseCrl(at.CrlOf(svid))), After(Seconds(1)).wall);
}

TEST(CrlPublisher, ExpiredStandsOnOneMoreCrl) {
  Publishing at;
  at.Restart(Start());
  at.publisher->Work(Start());
  const X509Svid svid = at.Issue(Start());
  at.revocations.Add(Revoke(svid, Start().wall));
  at.publisher->Work(After(Seconds(2)));
  ASSERT_TRUE(Names(at.CrlOf(svid), svid));
  at.publisher->Work(After(minutes(31)));  // 16 minutes after it has expired.
  EXPECT_TRUE(Names(at.CrlOf(svid), svid));
  at.publisher->Work(After(minutes(62)));
  EXPECT_FALSE(Names(at.CrlOf(svid), svid));
}

TEST(CrlPublisher, NumbersRiseAcrossRestarts) {
  Publishing at;
  at.Restart(Start());
  at.publisher->Work(Start());
  const std::string key_id = at.authority->Status().front().subject_key_id;
  CrlPtr last = ParseCrl(at.CrlOf(key_id));
  // Restarted again and again within the same second.
  for (int i = 1; i < 20; ++i) {
    const Moment now = After(milliseconds(i));
    at.Restart(now);
    EXPECT_TRUE(at.publisher->Work(now).bundles_changed);
    CrlPtr crl = ParseCrl(at.CrlOf(key_id));
    EXPECT_GT(NumberOf(*crl), NumberOf(*last));
    EXPECT_GE(ThisUpdateOf(*crl), ThisUpdateOf(*last) + Seconds(1));
    last = std::move(crl);
  }
}

TEST(CrlPublisher, FileHoldsEveryCrlAsPem) {
  Publishing at;
  at.Restart(Start());
  at.publisher->Work(Start());
  EXPECT_THAT(NumbersIn(ReadText(at.options.file)), SizeIs(1));
  const Moment late = After(hours(24 * 4));  // A second authority is prepared.
  at.Turn(late);
  std::vector<std::uint64_t> numbers;
  for (const auto& crl : at.publisher->Bundles()->crls) {
    numbers.push_back(NumberOf(*ParseCrl(crl)));
  }
  EXPECT_THAT(numbers, SizeIs(2));
  EXPECT_EQ(NumbersIn(ReadText(at.options.file)), numbers);
}

TEST(CrlPublisher, FileThatCannotBeWrittenIsToldAndTriedAgain) {
  Publishing at;
  at.options.file = at.temp.Path("missing/crl.pem");
  at.Restart(Start());
  const X509Svid svid = at.Issue(Start());
  const CrlProgress failed = at.publisher->Work(Start());
  ASSERT_TRUE(failed.failure);
  EXPECT_TRUE(failed.bundles_changed);
  EXPECT_EQ(at.WhyRefused(svid, Start()), "");
  EXPECT_EQ(failed.call_again_at, After(Seconds(5)).boot);
  EXPECT_THAT(at.publisher->Degraded(Start().wall), ElementsAre(HasSubstr(at.options.file)));

  ASSERT_EQ(::mkdir(at.temp.Path("missing").c_str(), 0755), 0);
  const CrlProgress done = at.publisher->Work(After(Seconds(5)));
  EXPECT_FALSE(done.failure);
  EXPECT_FALSE(done.bundles_changed);
  EXPECT_THAT(at.publisher->Degraded(Start().wall), IsEmpty());
  EXPECT_THAT(NumbersIn(ReadText(at.options.file)), SizeIs(1));
}

TEST(CrlPublisher, StatusTellsNumberDatesEntriesAndSize) {
  Publishing at;
  at.Restart(Start());
  EXPECT_FALSE(at.publisher->Status().published_at);
  at.publisher->Work(Start());
  const X509Svid svid = at.Issue(Start());
  at.revocations.Add(Revoke(svid, Start().wall));
  const Moment now = After(minutes(1));
  at.publisher->Work(now);
  const CrlStatus status = at.publisher->Status();
  EXPECT_EQ(status.published_at, now.wall);
  ASSERT_THAT(status.issuers, SizeIs(1));
  const auto& issuer = status.issuers.front();
  const std::string der = at.CrlOf(svid);
  EXPECT_EQ(issuer.key_id, svid.issuer_key_id);
  EXPECT_EQ(issuer.number, NumberOf(*ParseCrl(der)));
  EXPECT_EQ(issuer.this_update, ThisUpdateOf(*ParseCrl(der)));
  EXPECT_EQ(issuer.next_update, NextUpdateOf(*ParseCrl(der)));
  EXPECT_EQ(issuer.entries, 1U);
  EXPECT_EQ(issuer.bytes, der.size());
}

TEST(CrlPublisher, WhatNoCrlHoldsIsTold) {
  Publishing at;
  at.Restart(Start());
  X509Svid svid = at.Issue(Start());
  svid.issuer_key_id = "00ff";
  at.revocations.Add(Revoke(svid, Start().wall));
  svid = at.Issue(Start());
  svid.serial = "none";
  at.revocations.Add(Revoke(svid, Start().wall));
  at.publisher->Work(Start());
  EXPECT_THAT(at.publisher->Degraded(Start().wall),
              ElementsAre(HasSubstr("key id 00ff"), HasSubstr("serial numbers are none")));
}

TEST(CrlPublisher, TooLargeForMessagesGoesToTheFileAlone) {
  Publishing at;
  at.options.most_bytes = 1'000;
  at.Restart(Start());
  for (int i = 0; i < 20; ++i) at.revocations.Add(Revoke(at.Issue(Start()), Start().wall));
  at.publisher->Work(Start());
  EXPECT_THAT(at.publisher->Bundles()->crls, IsEmpty());
  EXPECT_TRUE(at.publisher->Bundles()->crls_left_out);
  EXPECT_THAT(NumbersIn(ReadText(at.options.file)), SizeIs(1));
  EXPECT_THAT(at.publisher->Degraded(Start().wall), ElementsAre(HasSubstr(at.options.file)));
  for (const auto half : {minutes(31), minutes(62)}) at.publisher->Work(After(half));
  EXPECT_THAT(at.publisher->Bundles()->crls, SizeIs(1));
  EXPECT_FALSE(at.publisher->Bundles()->crls_left_out);
  EXPECT_THAT(at.publisher->Degraded(After(minutes(62)).wall), IsEmpty());
}

TEST(CrlPublisher, OptionsThatDoNotFitAreRefused) {
  Publishing at;
  at.Restart(Start());
  at.publisher.reset();
  const auto why_not = [&](CrlOptions options) {
    const auto opened = CrlPublisher::Open(*at.authority, at.revocations, std::move(options));
    return opened ? std::string() : opened.error().Text();
  };
  CrlOptions options = at.options;
  options.validity = Seconds(9);
  EXPECT_THAT(why_not(options), HasSubstr("10 s"));
  for (const std::string path : {"crl.pem", "/run/surety/", "/"}) {
    options = at.options;
    options.file = path;
    EXPECT_THAT(why_not(options), HasSubstr("absolute"));
  }
  EXPECT_EQ(why_not(at.options), "");
}

}  // namespace
}  // namespace surety
