#include "agent/command/endpoint_uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace surety {
namespace {

using ::testing::HasSubstr;

struct Accepted {
  std::string uri;
  std::string path;
};

class E5AcceptedEndpoint : public ::testing::TestWithParam<Accepted> {};

TEST_P(E5AcceptedEndpoint, YieldsItsPath) {
  const auto path = ParseEndpointUri(GetParam().uri);
  ASSERT_TRUE(path) << path.error().Text();
  EXPECT_EQ(*path, GetParam().path);
}

INSTANTIATE_TEST_SUITE_P(
    Table, E5AcceptedEndpoint,
    ::testing::Values(Accepted{"unix:///run/surety/workload.sock", "/run/surety/workload.sock"},
                      Accepted{"unix:/run/x.sock", "/run/x.sock"},
                      Accepted{"UNIX:///run/x.sock", "/run/x.sock"},
                      Accepted{"unix:///run/a%20b.sock", "/run/a b.sock"},
                      Accepted{"unix:///run/%25.sock", "/run/%.sock"},
                      Accepted{"unix:////run/x.sock", "//run/x.sock"}, Accepted{"unix:///a", "/a"},
                      Accepted{"unix:///" + std::string(106, 'a'), "/" + std::string(106, 'a')}));

struct Refused {
  std::string uri;
  std::string because;
};

class E5RefusedEndpoint : public ::testing::TestWithParam<Refused> {};

TEST_P(E5RefusedEndpoint, SaysWhatIsWrong) {
  const auto path = ParseEndpointUri(GetParam().uri);
  ASSERT_FALSE(path) << *path;
  EXPECT_EQ(path.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(path.error().Text(), HasSubstr(GetParam().because));
}

INSTANTIATE_TEST_SUITE_P(
    Table, E5RefusedEndpoint,
    ::testing::Values(Refused{"", "is no endpoint"}, Refused{"/run/x.sock", "is no endpoint"},
                      Refused{"http://127.0.0.1:80", "is no endpoint"},
                      Refused{"unixx:///run/x.sock", "is no endpoint"},
                      Refused{"unix://run/x.sock", "names a host"},
                      Refused{"unix://user@/run/x.sock", "names a host"},
                      Refused{"unix://host:1/run/x.sock", "names a host"},
                      Refused{"unix:run/x.sock", "not absolute"}, Refused{"unix:", "not absolute"},
                      Refused{"unix://", "not absolute"}, Refused{"unix:///", "names a folder"},
                      Refused{"unix:///run/", "names a folder"},
                      Refused{"unix:///run/x.sock?a=b", "query or a fragment"},
                      Refused{"unix:///run/x.sock#a", "query or a fragment"},
                      Refused{"unix://?a", "query or a fragment"},
                      Refused{"unix:///run/x%00.sock", "a byte above zero"},
                      Refused{"unix:///run/x%4", "two hex digits"},
                      Refused{"unix:///run/x%", "two hex digits"},
                      Refused{"unix:///run/x%-1.sock", "two hex digits"},
                      Refused{"unix:///run/a b.sock", "%XX"}, Refused{"unix:///run/\x1b[1m", "%XX"},
                      Refused{std::string("unix:///run/\0x", 14), "%XX"},
                      Refused{"unix:///" + std::string(107, 'a'), "107 bytes"},
                      Refused{"tcp://127.0.0.1:8080", "offers no TCP"},
                      Refused{"tcp://[::1]:8080", "offers no TCP"},
                      Refused{"TCP://127.0.0.1:8080", "offers no TCP"},
                      Refused{"tcp://localhost:8080", "written tcp://IP:PORT"},
                      Refused{"tcp://127.0.0.1", "written tcp://IP:PORT"},
                      Refused{"tcp://127.0.0.1:0", "written tcp://IP:PORT"},
                      Refused{"tcp://127.0.0.1:65536", "written tcp://IP:PORT"},
                      Refused{"tcp://127.0.0.1:80/path", "written tcp://IP:PORT"},
                      Refused{"tcp://user@127.0.0.1:80", "written tcp://IP:PORT"},
                      Refused{"tcp://127.0.0.1:80?a", "written tcp://IP:PORT"},
                      Refused{"tcp:127.0.0.1:80", "written tcp://IP:PORT"},
                      Refused{"tcp://::1:80", "written tcp://IP:PORT"}));

TEST(EndpointUri, OfAPathIsReadBack) {
  for (const std::string path : {"/run/x.sock", "/a b/%/?#", "/\xc3\xa4/\x01", "//x"}) {
    const auto back = ParseEndpointUri(EndpointUriOf(path));
    ASSERT_TRUE(back) << back.error().Text();
    EXPECT_EQ(*back, path);
  }
}

TEST(EndpointUri, HostileBytesAreEscapedInTheError) {
  const auto path = ParseEndpointUri("\x1b]0;title\x07");
  ASSERT_FALSE(path);
  EXPECT_EQ(path.error().Text().find('\x1b'), std::string::npos);
}

TEST(ChooseEndpoint, TakesTheFlagBeforeTheEnvironmentBeforeTheDefault) {
  const auto flag = ChooseEndpoint("unix:///flag.sock", "unix:///environment.sock");
  ASSERT_TRUE(flag);
  EXPECT_EQ(flag->socket_path, "/flag.sock");
  EXPECT_EQ(flag->origin, kFlagOrigin);

  const auto environment = ChooseEndpoint(std::nullopt, "unix:///environment.sock");
  ASSERT_TRUE(environment);
  EXPECT_EQ(environment->socket_path, "/environment.sock");
  EXPECT_EQ(environment->origin, kEnvironmentOrigin);

  for (const char* unset : {static_cast<const char*>(nullptr), ""}) {
    const auto fallback = ChooseEndpoint(std::nullopt, unset);
    ASSERT_TRUE(fallback);
    EXPECT_EQ(fallback->socket_path, "/run/surety/workload.sock");
    EXPECT_EQ(fallback->origin, kDefaultOrigin);
  }
}

TEST(ChooseEndpoint, TakesAPlainPathFromTheFlagButNotFromTheEnvironment) {
  const auto flag = ChooseEndpoint("/a b.sock", nullptr);
  ASSERT_TRUE(flag) << flag.error().Text();
  EXPECT_EQ(flag->socket_path, "/a b.sock");

  const auto environment = ChooseEndpoint(std::nullopt, "/a.sock");
  ASSERT_FALSE(environment);
  EXPECT_THAT(environment.error().Text(), HasSubstr("SPIFFE_ENDPOINT_SOCKET: \"/a.sock\""));
}

}  // namespace
}  // namespace surety
