#include "agent/command/fetch_jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "agent/issuance/base64url.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_workload_client.h"
#include "tests/unit/command/scratch_folder.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

DeliveredToken TokenOf(const std::string& id, const std::string& subject, std::string hint = {}) {
  const std::string text =
      Base64Url(R"({"alg":"ES256","kid":"k"})") + "." +
      Base64Url(R"({"aud":["reports"],"exp":1767225901,"sub":")" + subject + "\"}") + ".AA";
  return {.spiffe_id = id,
          .token = SecretBytes(std::vector<std::uint8_t>(text.begin(), text.end())),
          .hint = std::move(hint)};
}

class Tokens : public ::testing::Test {
 protected:
  void Give(DeliveredToken token) {
    std::vector<DeliveredToken> all;
    all.push_back(std::move(token));
    client.tokens.emplace(std::move(all));
  }
  Result<void> Fetch() { return FetchJwt(fetch, client, endpoint, clock, out); }

  FetchJwtFlags fetch{.audiences = {"reports"}};
  FakeWorkloadClient client;
  Endpoint endpoint{"/run/x.sock", kFlagOrigin};
  FakeClock clock{WallTime(1'767'225'601s)};
  std::ostringstream out;
};

TEST_F(Tokens, AreShownWithWhatTheySay) {
  const std::string id = "spiffe://example.org/web";
  Give(TokenOf(id, id, "internal"));
  const auto done = Fetch();
  ASSERT_TRUE(done) << done.error().Text();
  EXPECT_THAT(out.str(), HasSubstr("SPIFFE ID   spiffe://example.org/web\n"
                                   "Hint        internal\n"
                                   "Audience    reports\n"
                                   "Expires     2026-01-01T00:05:01Z (in 5m 0s)\n"
                                   "Token       eyJ"));
  EXPECT_THAT(client.last_demand.audiences, ElementsAre("reports"));
}

TEST_F(Tokens, AreWrittenAsJson) {
  const std::string id = "spiffe://example.org/web";
  Give(TokenOf(id, id));
  fetch.output = OutputFormat::kJson;
  fetch.spiffe_id = id;
  ASSERT_TRUE(Fetch());
  EXPECT_THAT(out.str(), HasSubstr("\"seconds_left\": 300"));
  EXPECT_THAT(out.str(), HasSubstr("\"token\": \"eyJ"));
  EXPECT_EQ(client.last_demand.spiffe_id, id);
}

TEST_F(Tokens, ThatAreNotWhatWasAskedForAreAnError) {
  Give(TokenOf("spiffe://example.org/web", "spiffe://example.org/db"));
  EXPECT_THAT(Fetch().error().Text(), HasSubstr("not that of its SPIFFE ID"));
  fetch.audiences = {"other"};
  Give(TokenOf("spiffe://example.org/web", "spiffe://example.org/web"));
  EXPECT_THAT(Fetch().error().Text(), HasSubstr("not for the audience"));
  EXPECT_EQ(out.str(), "");
}

TEST_F(Tokens, AreValidatedFromTheStandardInputOrAFile) {
  client.believed = {.spiffe_id = "spiffe://example.org/web", .claims = R"({"aud":["reports"]})"};
  std::istringstream in(" a.b.c \n");
  ValidateJwtFlags flags{.audience = "reports"};
  ASSERT_TRUE(ValidateJwt(flags, client, endpoint, in, out));
  EXPECT_EQ(client.validated, std::pair(std::string("reports"), std::string("a.b.c")));
  EXPECT_EQ(out.str(),
            "SPIFFE ID   spiffe://example.org/web\nClaims      {\"aud\":[\"reports\"]}\n");
  const ScratchFolder folder;
  std::ofstream(folder / "token") << "d.e.f";
  flags.file = folder / "token";
  flags.output = OutputFormat::kJson;
  ASSERT_TRUE(ValidateJwt(flags, client, endpoint, in, out));
  EXPECT_EQ(client.validated.second, "d.e.f");
}

TEST_F(Tokens, WhatIsNotBelievedIsAnError) {
  std::istringstream in("a.b.c");
  const auto refused = ValidateJwt({.audience = "reports"}, client, endpoint, in, out);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().Text(), HasSubstr("signature is wrong"));
}

}  // namespace
}  // namespace surety
