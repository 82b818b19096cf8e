#include "agent/command/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <utility>

#include "agent/command/update_changes.h"
#include "tests/fakes/fake_waiter.h"
#include "tests/fakes/fake_workload_client.h"
#include "tests/unit/command/made_identity.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

class WatchCommand : public ::testing::Test {
 protected:
  Result<void> Run() { return Watch(flags, client, endpoint, clock, waiter, stop, out); }

  template <typename... Updates>
  void Script(Error ended, Updates... updates) {
    FakeWorkloadClient::Stream stream{{}, std::move(ended)};
    (stream.messages.push_back(std::move(updates)), ...);
    client.streams.push_back(std::move(stream));
  }

  WatchFlags flags;
  FakeWorkloadClient client;
  Endpoint endpoint{"/run/x.sock", kFlagOrigin};
  FakeClock clock{WallTime(1'767'225'600s)};
  FakeWaiter waiter{clock};
  std::stop_source stop;
  std::ostringstream out;
};

const Error kDown(ErrorCode::kResourceExhausted, "/run/x.sock: too many streams");

TEST_F(WatchCommand, PrintsALineForEachUpdateAndEndsAfterTheCount) {
  flags.count = 2;
  Script(kDown, UpdateOf({.serial = 1}), UpdateOf({.serial = 2}), UpdateOf({.serial = 3}));
  const auto done = Run();
  ASSERT_TRUE(done) << done.error().Text();
  EXPECT_EQ(out.str(),
            "2026-01-01T00:00:00Z  update 1  spiffe://example.org/web serial 01 until "
            "2026-01-01T00:15:00Z  (first)\n"
            "2026-01-01T00:00:00Z  update 2  spiffe://example.org/web serial 02 until "
            "2026-01-01T00:15:00Z  (rotated, bundle_changed)\n");
  EXPECT_THAT(waiter.waited, IsEmpty());
}

TEST_F(WatchCommand, PrintsJsonLines) {
  flags.count = 1;
  flags.output = OutputFormat::kJson;
  Script(kDown);
  Script(kDown, UpdateOf({.serial = 1}));
  ASSERT_TRUE(Run());
  EXPECT_EQ(out.str(),
            R"({"event":"error","time":"2026-01-01T00:00:00Z","code":"resource_exhausted",)"
            R"("message":"/run/x.sock: too many streams","retry_in_seconds":1})"
            "\n"
            R"({"event":"update","time":"2026-01-01T00:00:01Z","update":1,"svids":)"
            R"([{"spiffe_id":"spiffe://example.org/web","hint":"","serial":"01",)"
            R"("not_after":"2026-01-01T00:15:00Z"}],"changes":["first"]})"
            "\n");
}

TEST_F(WatchCommand, WaitsLongerEachTimeUntilAnUpdateComes) {
  Script(kDown);
  Script(kDown);
  Script(kDown, UpdateOf());
  Script(kDown);
  waiter.stop_after = 4;
  ASSERT_TRUE(Run());
  EXPECT_THAT(waiter.waited, ElementsAre(1s, 2s, 1s, 2s));
  EXPECT_THAT(out.str(), HasSubstr("error     resource_exhausted: /run/x.sock: too many streams; "
                                   "again in 2s\n"));
}

TEST_F(WatchCommand, NeverWaitsLongerThanThirtySeconds) {
  for (int i = 0; i < 40; ++i) Script(kDown);
  waiter.stop_after = 40;
  ASSERT_TRUE(Run());
  EXPECT_EQ(waiter.waited[28], 29s);
  EXPECT_EQ(waiter.waited[29], 30s);
  EXPECT_EQ(waiter.waited[39], 30s);
}

TEST_F(WatchCommand, TriesAgainAfterEveryCodeButInvalidArgument) {
  for (const auto code : {ErrorCode::kPermissionDenied, ErrorCode::kUnavailable,
                          ErrorCode::kNotFound, ErrorCode::kInternal, ErrorCode::kDataLoss})
    Script(Error(code, "no"));
  Script(Error(ErrorCode::kInvalidArgument, "wrong header"));
  const auto done = Run();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().Text(), HasSubstr("wrong header"));
  EXPECT_EQ(client.opened, 6);
  EXPECT_EQ(waiter.waited.size(), 5U);
}

TEST_F(WatchCommand, GoesOnAfterAMessageThatCannotBeUsed) {
  flags.count = 1;
  WorkloadUpdate bad = UpdateOf();
  bad.svids[0].bundle_der = "x";
  Script(kDown, std::move(bad), UpdateOf());
  ASSERT_TRUE(Run());
  EXPECT_THAT(out.str(), HasSubstr("error     data_loss: the daemon's answer cannot be used"));
  EXPECT_THAT(out.str(), HasSubstr("update 1"));
}

TEST_F(WatchCommand, EndsQuietlyWhenItIsToldToStop) {
  stop.request_stop();
  ASSERT_TRUE(Run());
  EXPECT_EQ(out.str(), "");
  EXPECT_EQ(client.opened, 0);
}

TEST_F(WatchCommand, EndsWhenNobodyReadsItsLines) {
  Script(kDown, UpdateOf());
  out.setstate(std::ios::badbit);
  EXPECT_FALSE(Run());
  EXPECT_EQ(client.opened, 1);
}

SeenUpdate Seen(std::vector<std::pair<std::string, std::string>> svids) {
  SeenUpdate seen;
  seen.svids = std::move(svids);
  return seen;
}

TEST(ChangesBetween, TellsEachKindApart) {
  const SeenUpdate before = Seen({{"a", "1"}, {"b", "2"}});
  EXPECT_THAT(ChangesBetween(before, before), IsEmpty());
  EXPECT_THAT(ChangesBetween(before, Seen({{"a", "3"}, {"b", "2"}})), ElementsAre("rotated"));
  EXPECT_THAT(ChangesBetween(before, Seen({{"b", "2"}, {"a", "1"}})),
              ElementsAre("default_changed"));
  EXPECT_THAT(ChangesBetween(before, Seen({{"a", "1"}})), ElementsAre("identity_removed"));
  EXPECT_THAT(ChangesBetween(before, Seen({{"a", "1"}, {"b", "2"}, {"c", "3"}})),
              ElementsAre("identity_added"));
  EXPECT_THAT(ChangesBetween(before, Seen({{"c", "3"}})),
              ElementsAre("identity_added", "identity_removed", "default_changed"));

  SeenUpdate now = before;
  now.bundles[*TrustDomain::Parse("example.org")] = {"new"};
  now.federated[*TrustDomain::Parse("other.org")] = {"new"};
  now.crls = {"new"};
  EXPECT_THAT(ChangesBetween(before, now),
              ElementsAre("bundle_changed", "federation_changed", "crl_changed"));
}

}  // namespace
}  // namespace surety
