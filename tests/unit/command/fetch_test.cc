#include "agent/command/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_workload_client.h"
#include "tests/unit/command/made_identity.h"
#include "tests/unit/command/scratch_folder.h"

namespace surety {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class Fetch : public ::testing::Test {
 protected:
  Result<void> Run() { return FetchX509(flags, client, endpoint, clock, out); }

  FetchFlags flags;
  FakeWorkloadClient client;
  Endpoint endpoint{"/run/x.sock", kFlagOrigin};
  FakeClock clock{WallTime(1'767'225'601s)};
  std::ostringstream out;
};

WorkloadUpdate FullUpdate() {
  const std::string id = "spiffe://example.org/web";
  WorkloadUpdate update;
  update.svids.push_back(
      DeliveredOf(MakeIdentity({.dns_names = {"web.internal"}}), id, "internal"));
  const std::string second = "spiffe://example.org/second";
  update.svids.push_back(DeliveredOf(
      MakeIdentity({.spiffe_id = second, .serial = 0x77, .key_type = "ED25519"}), second));
  update.federated_bundles["spiffe://other.org"] =
      MakeIdentity().certificate_der + MakeIdentity().certificate_der;
  return update;
}

TEST_F(Fetch, ShowsEachIdentityAlignedForPeople) {
  client.answer = FullUpdate();
  const auto done = Run();
  ASSERT_TRUE(done) << done.error().Text();
  EXPECT_EQ(out.str(),
            "SPIFFE ID   spiffe://example.org/web\n"
            "Hint        internal\n"
            "Serial      5fab01\n"
            "Valid       2026-01-01T00:00:00Z to 2026-01-01T00:15:00Z (14m 59s left)\n"
            "Key         EC P-256\n"
            "DNS names   web.internal\n"
            "Chain       1 certificate\n"
            "Bundle      example.org, 1 authority\n"
            "\n"
            "SPIFFE ID   spiffe://example.org/second\n"
            "Serial      77\n"
            "Valid       2026-01-01T00:00:00Z to 2026-01-01T00:15:00Z (14m 59s left)\n"
            "Key         Ed25519\n"
            "Chain       1 certificate\n"
            "Bundle      example.org, 1 authority\n"
            "\n"
            "Federated   other.org, 2 authorities\n");
}

TEST_F(Fetch, ShowsTheSameAsJson) {
  flags.output = OutputFormat::kJson;
  client.answer = UpdateOf();
  ASSERT_TRUE(Run());
  EXPECT_EQ(out.str(), R"({
  "svids": [
    {
      "spiffe_id": "spiffe://example.org/web",
      "hint": "",
      "serial": "5fab01",
      "not_before": "2026-01-01T00:00:00Z",
      "not_after": "2026-01-01T00:15:00Z",
      "seconds_left": 899,
      "key_type": "EC P-256",
      "subject": "",
      "dns_names": [],
      "chain_length": 1,
      "bundle": {
        "trust_domain": "example.org",
        "authorities": 1
      }
    }
  ],
  "federated_bundles": [],
  "crls": 0
}
)");
}

TEST_F(Fetch, SaysWhenAnSvidIsNotValidNow) {
  client.answer = UpdateOf();
  clock.Advance(20min);
  ASSERT_TRUE(Run());
  EXPECT_THAT(out.str(), HasSubstr("(expired 5m 1s ago)"));

  out.str("");
  client.answer =
      UpdateOf({.not_before = clock.Now().wall + 10s, .not_after = clock.Now().wall + 1h});
  ASSERT_TRUE(Run());
  EXPECT_THAT(out.str(), HasSubstr("(begins in 10s)"));
}

TEST_F(Fetch, WritesFilesAndNamesThem) {
  const ScratchFolder scratch;
  flags.write_folder = scratch.path();
  client.answer = FullUpdate();
  ASSERT_TRUE(Run());
  EXPECT_THAT(out.str(),
              HasSubstr("\nWritten to " + scratch.path() +
                        ": svid.key, svid.pem, bundle.pem, svid.1.key, svid.1.pem, bundle.1.pem, "
                        "federated.other.org.pem\n"));
  out.str("");
  flags.output = OutputFormat::kJson;
  client.answer = UpdateOf();
  ASSERT_TRUE(Run());
  EXPECT_THAT(out.str(), HasSubstr("\"svid.1.key\""));
  EXPECT_THAT(out.str(), HasSubstr("\"removed\""));
}

TEST_F(Fetch, NeverPrintsAKey) {
  for (const auto output : {OutputFormat::kText, OutputFormat::kJson}) {
    const ScratchFolder scratch;
    flags.output = output;
    flags.write_folder = scratch.path();
    client.answer = UpdateOf();
    ASSERT_TRUE(Run());
    const std::string pem = ReadAll(scratch / "svid.key");
    const std::string line = pem.substr(pem.find('\n') + 1, 40);
    EXPECT_EQ(line.size(), 40U);
    EXPECT_EQ(out.str().find(line), std::string::npos);
    EXPECT_EQ(out.str().find("PRIVATE"), std::string::npos);
  }
}

TEST_F(Fetch, EscapesAHostileHint) {
  WorkloadUpdate update = UpdateOf();
  update.svids[0].hint = "a\x1b[2J\nSerial      forged";
  client.answer = std::move(update);
  ASSERT_TRUE(Run());
  EXPECT_THAT(out.str(), HasSubstr("Hint        a\\x1b[2J\\x0aSerial      forged\n"));
}

TEST_F(Fetch, ARefusalSaysHowToFindOut) {
  client.answer = Error(ErrorCode::kPermissionDenied, "/run/x.sock: no entry matches");
  const auto done = Run();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().Text(), HasSubstr("/run/x.sock: no entry matches; run \"surety attest"));
  EXPECT_EQ(out.str(), "");
}

TEST_F(Fetch, AMissingDaemonSaysWhereTheSocketWasFrom) {
  client.answer = Error(ErrorCode::kUnavailable, "/run/x.sock: no such socket");
  EXPECT_THAT(Run().error().Text(), HasSubstr("no such socket; the socket is from --socket"));
  endpoint.origin = kDefaultOrigin;
  client.answer = Error(ErrorCode::kUnavailable, "/run/x.sock: no such socket");
  EXPECT_THAT(Run().error().Text(), HasSubstr("neither --socket nor SPIFFE_ENDPOINT_SOCKET"));
}

TEST_F(Fetch, AnUnusableAnswerIsNeitherShownNorWritten) {
  const ScratchFolder scratch;
  flags.write_folder = scratch / "out";
  WorkloadUpdate update = UpdateOf();
  update.svids[0].spiffe_id = "spiffe://example.org/admin";
  client.answer = std::move(update);
  ASSERT_FALSE(Run());
  EXPECT_EQ(out.str(), "");
  EXPECT_FALSE(std::filesystem::exists(scratch / "out"));
}

TEST_F(Fetch, AsksForAsLongAsItIsTold) {
  flags.timeout = 7s;
  client.answer = UpdateOf();
  ASSERT_TRUE(Run());
  EXPECT_EQ(client.last_timeout, 7s);
}

}  // namespace
}  // namespace surety
