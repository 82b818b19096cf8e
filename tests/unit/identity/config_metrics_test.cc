// The section [metrics].

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/identity/config_cases.h"

namespace surety {
namespace {

MetricsConfig Read(const std::string& lines) {
  Diagnostics diagnostics;
  const auto config = Parse(In("metrics", lines), diagnostics);
  EXPECT_TRUE(config) << AllOf(diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "");
  return config ? config->metrics : MetricsConfig();
}

TEST(ConfigMetricsTest, NothingIsServedUnlessAskedFor) {
  Diagnostics diagnostics;
  const auto config = Parse(With(""), diagnostics);
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->metrics.on());
}

TEST(ConfigMetricsTest, ASocketHasModeOwnerAndGroup) {
  const MetricsConfig config =
      Read("listen = \"unix:///run/m.sock\"\nmode = \"0660\"\nowner = \"web\"\ngroup = \"web\"");
  EXPECT_TRUE(config.on());
  EXPECT_EQ(config.socket.path, "/run/m.sock");
  EXPECT_EQ(config.socket.mode, 0660U);
  EXPECT_EQ(config.socket.owner, 1001U);
  EXPECT_EQ(config.socket.group, 2001U);
  EXPECT_FALSE(config.port);
  EXPECT_EQ(Read("listen = \"unix:///run/m.sock\"").socket.mode, 0600U);
}

TEST(ConfigMetricsTest, APortIsOfTheLoopback) {
  const MetricsConfig config = Read("listen = \"127.0.0.1:9464\"");
  EXPECT_TRUE(config.on());
  ASSERT_TRUE(config.port);
  EXPECT_FALSE(config.port->ipv6);
  EXPECT_EQ(config.port->number, 9464U);
  const MetricsConfig other = Read("listen = \"[::1]:65535\"");
  ASSERT_TRUE(other.port);
  EXPECT_TRUE(other.port->ipv6);
  EXPECT_EQ(other.port->number, 65535U);
}

TEST(ConfigMetricsTest, NobodyBeyondThisHostIsServed) {
  for (const std::string address : {"0.0.0.0:9464",
                                    "[::]:9464",
                                    "127.0.0.2:9464",
                                    "localhost:9464",
                                    ":9464",
                                    "9464",
                                    "10.0.0.1:9464",
                                    "127.0.0.1",
                                    "127.0.0.1:",
                                    "127.0.0.1:0",
                                    "127.0.0.1:65536",
                                    "127.0.0.1:94x",
                                    "127.0.0.1:-1",
                                    "127.0.0.1: 1",
                                    "::1:9464",
                                    "[::1]9464",
                                    "/run/m.sock",
                                    "http://127.0.0.1:9464",
                                    "UNIX:///run/m.sock",
                                    ""})
    ExpectEach({{In("metrics", "listen = \"" + address + "\""),
                 {3, 10},
                 "listen is \"" + address +
                     "\": metrics are served on a Unix socket or to this "
                     "host alone",
                 "\"127.0.0.1:9464\" or \"[::1]:9464\""}},
               Severity::kError);
}

TEST(ConfigMetricsTest, WhatIsWrongIsTold) {
  ExpectEach(
      {
          {In("metrics", ""), {2, 1}, "[metrics] does not say where to listen", "add listen = "},
          {In("metrics", "listen = 9464"), {3, 10}, "listen is an integer", "\"unix:///run"},
          {In("metrics", "listen = \"unix://m.sock\""), {3, 10}, "not an absolute path", "\"/\""},
          {In("metrics", "listen = \"unix:///m.sock\"\nmode = \"rw\""),
           {4, 8},
           "not an octal file mode",
           "\"0600\""},
          {In("metrics", "listen = \"[::1]:9464\"\nmode = \"0600\""),
           {4, 8},
           "mode says nothing of a port",
           "remove it, or set listen = "},
          {In("metrics", "listen = \"unix:///run/surety/admin.sock\""),
           {3, 10},
           "[metrics] and [admin] have the same socket",
           "a path of its own"},
          {In("metrics", "listen = \"unix:///m.sock\"\nport = 9464"),
           {4, 1},
           "unknown key \"port\" in [metrics]",
           ""},
      },
      Severity::kError);
}

}  // namespace
}  // namespace surety
