#include "agent/command/fetch_wit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "agent/command/checked_wit.h"
#include "agent/issuance/base64url.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_workload_client.h"
#include "tests/unit/command/scratch_folder.h"

namespace surety {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

constexpr const char* kWeb = "spiffe://example.org/web";
constexpr const char* kHeader = R"({"alg":"ES256","kid":"k","typ":"wit+jwt"})";
constexpr const char* kPrivate = R"({"kty":"EC","crv":"P-256","x":"AQ","y":"Ag","d":"c2VjcmV0"})";
constexpr const char* kNamed =
    R"("cnf":{"jwk":{"kty":"EC","alg":"ES256","crv":"P-256","x":"AQ","y":"Ag"}})";

std::string ClaimsOf(const std::string& subject, const std::string& more = kNamed) {
  return R"({"exp":1767225901,"sub":")" + subject + "\"" + (more.empty() ? "" : "," + more) + "}";
}

DeliveredWit WitOf(const std::string& header, const std::string& claims,
                   std::string_view key = kPrivate) {
  return {.spiffe_id = kWeb,
          .token = Base64Url(header) + "." + Base64Url(claims) + ".AA",
          .key_jwk = SecretBytes(std::vector<std::uint8_t>(key.begin(), key.end())),
          .hint = "internal"};
}

class FetchWits : public ::testing::Test {
 protected:
  Result<void> Fetch(int count = 1) {
    std::vector<DeliveredWit> all;
    for (int i = 0; i < count; ++i) all.push_back(WitOf(kHeader, ClaimsOf(kWeb)));
    client.wits.emplace(std::move(all));
    return FetchWit(fetch, client, endpoint, clock, out);
  }

  FetchWitFlags fetch;
  FakeWorkloadClient client;
  Endpoint endpoint{"/run/x.sock", kFlagOrigin};
  FakeClock clock{WallTime(1'767'225'601s)};
  std::ostringstream out;
};

TEST_F(FetchWits, AreShownWithoutTheirKeys) {
  fetch.spiffe_id = kWeb;
  const auto done = Fetch();
  ASSERT_TRUE(done) << done.error().Text();
  EXPECT_THAT(out.str(), HasSubstr("SPIFFE ID   spiffe://example.org/web\n"
                                   "Hint        internal\n"
                                   "Expires     2026-01-01T00:05:01Z (in 5m 0s)\n"
                                   "Key         ES256\n"
                                   "Token       eyJ"));
  EXPECT_THAT(out.str(), Not(HasSubstr("c2VjcmV0")));
  EXPECT_EQ(client.last_demand.spiffe_id, kWeb);
}

TEST_F(FetchWits, AreWrittenAsJson) {
  fetch.output = OutputFormat::kJson;
  ASSERT_TRUE(Fetch());
  EXPECT_THAT(out.str(), HasSubstr("\"seconds_left\": 300"));
  EXPECT_THAT(out.str(), HasSubstr("\"token\": \"eyJ"));
  EXPECT_THAT(out.str(), Not(HasSubstr("c2VjcmV0")));
}

TEST_F(FetchWits, AreWrittenToFilesThatNobodyElseReadsAndWithdrawnOnesGo) {
  const ScratchFolder scratch;
  fetch.write_folder = scratch / "out";
  ASSERT_TRUE(Fetch(2));
  const auto text_of = [&](const std::string& name) {
    std::ifstream in(*fetch.write_folder + "/" + name);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_EQ(text_of("wit.jwk"), kPrivate);
  EXPECT_THAT(text_of("wit.1.jwt"), HasSubstr("eyJ"));
  struct stat status {};
  ASSERT_EQ(::stat((*fetch.write_folder + "/wit.jwk").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_TRUE(Fetch(1));
  EXPECT_EQ(text_of("wit.1.jwt"), "");
  EXPECT_THAT(out.str(), HasSubstr("Removed there, since it was withdrawn: wit.1.jwk, wit.1.jwt"));
}

TEST(CheckedWits, ThatAreNotWhatTheyShouldBeAreAnError) {
  const std::string good = ClaimsOf(kWeb);
  const auto why = [](DeliveredWit given) {
    const auto checked = CheckWit(std::move(given));
    return checked ? std::string("taken") : checked.error().Text();
  };
  EXPECT_EQ(why(WitOf(kHeader, good)), "taken");
  EXPECT_THAT(why(WitOf(R"({"kid":"k","typ":"JWT"})", good)), HasSubstr("another type"));
  EXPECT_THAT(why(WitOf(R"({"typ":"wit+jwt"})", good)), HasSubstr("does not name the key"));
  EXPECT_THAT(why(WitOf("[]", good)), HasSubstr("not JSON"));
  EXPECT_THAT(why(WitOf(kHeader, ClaimsOf("spiffe://example.org/db"))), HasSubstr("SPIFFE ID"));
  EXPECT_THAT(why(WitOf(kHeader, ClaimsOf(kWeb, R"("aud":"x")"))), HasSubstr("audience"));
  EXPECT_THAT(why(WitOf(kHeader, ClaimsOf(kWeb, ""))), HasSubstr("another key"));
  EXPECT_THAT(why(WitOf(kHeader, std::string(R"({"sub":")") + kWeb + "\"}")), HasSubstr("no end"));
  EXPECT_THAT(why(WitOf(kHeader, good, "{}")), HasSubstr("another key"));
  EXPECT_THAT(why(WitOf(kHeader, good, R"({"kty":"EC","crv":"P-256","x":"AQ","y":"Ag"})")),
              HasSubstr("another key"));
  EXPECT_THAT(why(WitOf(kHeader, good, R"({"kty":"EC","crv":"P-256","x":"Ag","y":"Ag","d":"Aw"})")),
              HasSubstr("another key"));
  DeliveredWit cut = WitOf(kHeader, good);
  cut.token = "e30.e30";
  EXPECT_THAT(why(std::move(cut)), HasSubstr("three parts"));
}

}  // namespace
}  // namespace surety
