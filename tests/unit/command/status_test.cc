#include "agent/command/status.h"

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

DaemonStatus FullStatus() {
  return {.version = "0.1.0",
          .trust_domain = "example.org",
          .pid = 4711,
          .started_at = kNow - 25h,
          .bundle_revision = 7,
          .degraded = {"no kernel events: changes are found by sweeps"},
          .authorities = {{.subject_key_id = "aa01",
                           .serial = "5fab",
                           .phase = "active",
                           .source = "embedded",
                           .not_before = kNow - 1h,
                           .not_after = kNow + 48h,
                           .next_change = kNow + 24h},
                          {.subject_key_id = "aa02",
                           .serial = "77",
                           .phase = "prepared",
                           .source = "embedded",
                           .not_before = kNow,
                           .not_after = kNow + 72h,
                           .next_change = std::nullopt}},
          .entries = {.count = 12,
                      .loaded_at = kNow - 90s,
                      .folder = "/etc/surety/entries.d",
                      .last_error = "web.toml:3:1: unknown key \"selector\""},
          .hook = {.policy_revision = "b1946ac9",
                   .policy_mode = "enforce",
                   .policy_folder = "/etc/surety/policies.d",
                   .policies = 9,
                   .wake_mode = "events",
                   .followed = 2,
                   .quarantines = 1,
                   .revoked = 3,
                   .crl_published_at = kNow - 5s,
                   .crl_next_update = kNow + 59min,
                   .audit_sequence = 1234,
                   .audit_segment = "audit-000001.jsonl"},
          .load = {.connections = 3,
                   .connections_limit = 1000,
                   .streams = 2,
                   .ready_turns = 0,
                   .accepted_total = 99,
                   .refused_connections_total = 4,
                   .refused_calls_total = 5},
          .sessions = {{.pid = 100,
                        .uid = 1001,
                        .method = "FetchX509SVID",
                        .spiffe_ids = {"spiffe://example.org/a", "spiffe://example.org/b"},
                        .state = "served",
                        .opened_at = kNow - 1h,
                        .last_push = kNow - 30s,
                        .next_turn = kNow + 420s}},
          .sinks = {{.name = "nginx",
                     .subject = "unit nginx.service",
                     .folder = "/f",
                     .state = "written",
                     .pid = 300,
                     .uid = 33,
                     .spiffe_id = "spiffe://example.org/a",
                     .serial = "5fac",
                     .not_after = kNow + 10min,
                     .written_at = kNow - 5min,
                     .last_error = "reloading: no"}}};
}

std::string Shown(const DaemonStatus& status, OutputFormat output) {
  FakeAdminClient client(status);
  StatusFlags flags;
  flags.admin.output = output;
  std::ostringstream out;
  const auto done = ShowStatus(flags, client, FakeClock(kNow), out);
  EXPECT_TRUE(done);
  return out.str();
}

TEST(Status, IsShownAlignedForPeople) {
  EXPECT_EQ(Shown(FullStatus(), OutputFormat::kText),
            R"(Surety 0.1.0, trust domain example.org, pid 4711
Up since 2025-12-30T23:00:00Z (1d 1h)

DEGRADED
  ! no kernel events: changes are found by sweeps

Authorities (bundle revision 7)
  PHASE     SOURCE    SERIAL  NOT AFTER                        NEXT CHANGE
  active    embedded  5fab    2026-01-03T00:00:00Z (in 2d 0h)  2026-01-02T00:00:00Z (in 1d 0h)
  prepared  embedded  77      2026-01-04T00:00:00Z (in 3d 0h)  -

Entries
  12 from /etc/surety/entries.d, loaded 1m 30s ago
  ! the newest files were not taken: web.toml:3:1: unknown key "selector"

Policy
  9 policies, from /etc/surety/policies.d, mode enforce, revision b1946ac9
  changes of 2 processes noticed by events
  1 quarantines in force, 3 SVIDs on the revocation lists
  lists signed 5s ago, next in 59m 0s
  1234 audit records, the newest in audit-000001.jsonl

Load
  3 connections of 1000, 2 streams, 0 turns waiting
  99 connections taken so far, 4 refused; 5 calls refused

Sessions
  PID  UID   METHOD         STATE   OPENED     LAST PUSH  NEXT TURN  SPIFFE IDS
  100  1001  FetchX509SVID  served  1h 0m ago  30s ago    in 7m 0s   spiffe://example.org/a spiffe://example.org/b
  ... and 1 more

Sinks
  NAME   FOR                 PID  STATE    WRITTEN    NOT AFTER  SPIFFE ID               FOLDER
  nginx  unit nginx.service  300  written  5m 0s ago  in 10m 0s  spiffe://example.org/a  /f
  ! nginx: reloading: no
)");
}

TEST(Status, OfADaemonThatJustStartedIsShown) {
  EXPECT_EQ(Shown({}, OutputFormat::kText),
            R"(Surety -, trust domain -, pid 0

Authorities (bundle revision 0)
  none: no SVID can be issued

Entries
  0 from -

Policy
  0 policies, built in, mode -, revision -
  changes of 0 processes noticed by -
  0 quarantines in force, 0 SVIDs on the revocation lists
  lists signed -, next -
  0 audit records, the newest in -

Load
  0 connections, 0 streams, 0 turns waiting
  0 connections taken so far, 0 refused; 0 calls refused

Sessions
  none
)");
}

TEST(Status, AsJsonHasStableNames) {
  EXPECT_EQ(Shown(FullStatus(), OutputFormat::kJson), R"({
  "version": "0.1.0",
  "trust_domain": "example.org",
  "pid": 4711,
  "started_at": "2025-12-30T23:00:00Z",
  "degraded": [
    "no kernel events: changes are found by sweeps"
  ],
  "bundle_revision": 7,
  "authorities": [
    {
      "subject_key_id": "aa01",
      "serial": "5fab",
      "phase": "active",
      "source": "embedded",
      "not_before": "2025-12-31T23:00:00Z",
      "not_after": "2026-01-03T00:00:00Z",
      "next_change": "2026-01-02T00:00:00Z"
    },
    {
      "subject_key_id": "aa02",
      "serial": "77",
      "phase": "prepared",
      "source": "embedded",
      "not_before": "2026-01-01T00:00:00Z",
      "not_after": "2026-01-04T00:00:00Z",
      "next_change": null
    }
  ],
  "entries": {
    "count": 12,
    "folder": "/etc/surety/entries.d",
    "loaded_at": "2025-12-31T23:58:30Z",
    "last_error": "web.toml:3:1: unknown key \"selector\""
  },
  "hook": {
    "policy_revision": "b1946ac9",
    "policy_mode": "enforce",
    "policy_folder": "/etc/surety/policies.d",
    "policies": 9,
    "wake_mode": "events",
    "followed": 2,
    "quarantines": 1,
    "revoked": 3,
    "crl_published_at": "2025-12-31T23:59:55Z",
    "crl_next_update": "2026-01-01T00:59:00Z",
    "audit_sequence": 1234,
    "audit_segment": "audit-000001.jsonl"
  },
  "load": {
    "connections": 3,
    "connections_limit": 1000,
    "streams": 2,
    "ready_turns": 0,
    "accepted_total": 99,
    "refused_connections_total": 4,
    "refused_calls_total": 5
  },
  "sessions": [
    {
      "pid": 100,
      "uid": 1001,
      "method": "FetchX509SVID",
      "state": "served",
      "spiffe_ids": [
        "spiffe://example.org/a",
        "spiffe://example.org/b"
      ],
      "opened_at": "2025-12-31T23:00:00Z",
      "last_push": "2025-12-31T23:59:30Z",
      "next_turn": "2026-01-01T00:07:00Z"
    }
  ],
  "sinks": [
    {
      "name": "nginx",
      "subject": "unit nginx.service",
      "folder": "/f",
      "state": "written",
      "pid": 300,
      "uid": 33,
      "spiffe_id": "spiffe://example.org/a",
      "serial": "5fac",
      "not_after": "2026-01-01T00:10:00Z",
      "written_at": "2025-12-31T23:55:00Z",
      "last_error": "reloading: no"
    }
  ]
}
)");
}

TEST(Status, EscapesWhatAFileOnDiskCouldHavePutThere) {
  DaemonStatus status;
  status.entries.last_error = "\x1b[2Jfine";
  EXPECT_THAT(Shown(status, OutputFormat::kText), HasSubstr("\\x1b[2Jfine"));
}

TEST(Status, ARefusalSaysWhoMayAsk) {
  FakeAdminClient client(Error(ErrorCode::kPermissionDenied, "/run/surety/admin.sock: uid 1001"));
  std::ostringstream out;
  const auto done = ShowStatus({}, client, FakeClock(kNow), out);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().Text(), HasSubstr("run this as root or as the user"));
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace surety
