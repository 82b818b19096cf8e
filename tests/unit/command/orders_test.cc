#include "agent/command/orders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/fakes/fake_admin_client.h"
#include "tests/fakes/fake_clock.h"

namespace surety {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr WallTime kNow(1'767'225'600s);  // 2026-01-01T00:00:00Z

Quarantine OfALineage() {
  return {.id = 3,
          .lineage = "unit:/system.slice/web.service",
          .entry_id = "",
          .reason = "drift.exe",
          .decision = "0b51c0c2f1f6",
          .since = kNow - 90s,
          .until = kNow + 1h};
}

Quarantine OfAnEntry() {
  return {.id = 4,
          .lineage = "",
          .entry_id = "web",
          .reason = "odd \x1b[2Jlogins",
          .decision = "",
          .since = kNow - 1s,
          .until = std::nullopt};
}

QuarantineAddFlags Adding(pid_t pid) {
  QuarantineAddFlags flags;
  flags.order.pid = pid;
  flags.order.reason = "odd logins";
  return flags;
}

FakeAdminClient ClientWith(std::vector<Quarantine> quarantines) {
  FakeAdminClient client{DaemonStatus()};
  client.quarantines = std::move(quarantines);
  return client;
}

AdminFlags AsJson() {
  AdminFlags flags;
  flags.output = OutputFormat::kJson;
  return flags;
}

TEST(QuarantineList, IsATableForPeople) {
  auto client = ClientWith({OfALineage(), OfAnEntry()});
  std::ostringstream out;
  ASSERT_TRUE(ListQuarantines({}, client, FakeClock(kNow), out));
  EXPECT_EQ(
      out.str(),
      R"(ID  LINEAGE                         ENTRY  SINCE       ENDS           DECISION      REASON
3   unit:/system.slice/web.service  any    1m 30s ago  in 1h 0m       0b51c0c2f1f6  drift.exe
4   any                             web    1s ago      when released  -             odd \x1b[2Jlogins
)");
}

TEST(QuarantineList, SaysThatThereIsNone) {
  auto client = ClientWith({});
  std::ostringstream out;
  ASSERT_TRUE(ListQuarantines({}, client, FakeClock(kNow), out));
  EXPECT_EQ(out.str(), "Nothing is in quarantine.\n");
}

TEST(QuarantineList, AsJsonHasStableNames) {
  auto client = ClientWith({OfALineage()});
  std::ostringstream out;
  ASSERT_TRUE(ListQuarantines({AsJson()}, client, FakeClock(kNow), out));
  EXPECT_EQ(out.str(), R"({
  "quarantines": [
    {
      "id": 3,
      "lineage": "unit:/system.slice/web.service",
      "entry": null,
      "reason": "drift.exe",
      "decision": "0b51c0c2f1f6",
      "since": "2025-12-31T23:58:30Z",
      "until": "2026-01-01T01:00:00Z"
    }
  ]
}
)");
}

TEST(QuarantineAdd, SendsTheOrderAndSaysHowToEndIt) {
  auto client = ClientWith({OfALineage()});
  std::ostringstream out;
  ASSERT_TRUE(AddQuarantine(Adding(7), client, FakeClock(kNow), out));
  EXPECT_EQ(client.last_quarantine.pid, 7);
  EXPECT_EQ(client.last_quarantine.reason, "odd logins");
  EXPECT_THAT(out.str(), HasSubstr("In quarantine: lineage unit:/system.slice/web.service\n"));
  EXPECT_THAT(out.str(), HasSubstr("surety quarantine release 3 --reason"));
}

TEST(QuarantineAdd, AnErrorPrintsNothing) {
  auto client = ClientWith({});
  std::ostringstream out;
  const auto added = AddQuarantine(Adding(4711), client, FakeClock(kNow), out);
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().Text(), HasSubstr("no process 4711"));
  EXPECT_EQ(out.str(), "");
}

TEST(QuarantineRelease, NamesWhatWasReleased) {
  auto client = ClientWith({OfAnEntry()});
  std::ostringstream out;
  ASSERT_TRUE(ReleaseQuarantine({.id = 4, .reason = "false alarm"}, client, out));
  EXPECT_EQ(client.last_release, (std::pair<std::uint64_t, std::string>(4, "false alarm")));
  EXPECT_THAT(out.str(), HasSubstr("Released: entry web\n"));
}

TEST(Revoke, SaysHowMany) {
  auto client = ClientWith({});
  const auto shown = [&](std::uint32_t revoked, const AdminFlags& flags) {
    client.revoked = revoked;
    RevokeFlags asked;
    asked.order.spiffe_id = "spiffe://d/x";
    asked.admin = flags;
    std::ostringstream out;
    EXPECT_TRUE(RevokeSvids(asked, client, out));
    return out.str();
  };
  EXPECT_EQ(shown(0, {}), "No live SVID fits: nothing was revoked.\n");
  EXPECT_EQ(shown(1, {}), "1 SVID revoked.\n");
  EXPECT_EQ(shown(2, AsJson()), "{\n  \"revoked\": 2\n}\n");
  EXPECT_EQ(client.last_revocation.spiffe_id, "spiffe://d/x");
}

}  // namespace
}  // namespace surety
