// The sections [bundle_endpoint] and [oidc], and [[federation]].

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/identity/config_cases.h"

namespace surety {
namespace {

const std::string kOwn =
    "[bundle_endpoint]\nlisten = \"0.0.0.0:8443\"\nprofile = \"https_spiffe\"\n";
const std::string kWeb =
    "[bundle_endpoint]\nlisten = \"[::]:443\"\nprofile = \"https_web\"\n"
    "certificate_file = \"/e.pem\"\nkey_file = \"credential:e.key\"\n";
const std::string kFollowed =
    "[[federation]]\ntrust_domain = \"other.org\"\nurl = \"https://b.other.org/\"\n";
const std::string kById = kFollowed +
                          "profile = \"https_spiffe\"\n"
                          "endpoint_spiffe_id = \"spiffe://other.org/b\"\n";

Config Read(const std::string& lines) {
  Diagnostics diagnostics;
  const auto config = Parse(With(lines), diagnostics);
  EXPECT_TRUE(config) << AllOf(diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "");
  return config ? *config : Config{*TrustDomain::Parse("none")};
}

TEST(ConfigEndpointTest, NothingIsServedOrFollowedUnlessAskedFor) {
  const Config config = Read("");
  EXPECT_FALSE(config.bundle_endpoint);
  EXPECT_EQ(config.oidc_issuer, "");
  EXPECT_TRUE(config.federation.empty());
}

TEST(ConfigEndpointTest, AnEndpointShowsItsOwnIdOrTheOperatorsCertificate) {
  const Config own = Read(kOwn);
  EXPECT_EQ(own.bundle_endpoint->listen.Text(), "0.0.0.0:8443");
  EXPECT_EQ(own.bundle_endpoint->spiffe_id->Text(), "spiffe://example.org/bundle-endpoint");
  EXPECT_EQ(EntryRulesOf(own, {}).endpoint_id, own.bundle_endpoint->spiffe_id);
  EXPECT_EQ(
      Read(kOwn + "spiffe_id = \"spiffe://example.org/b\"").bundle_endpoint->spiffe_id->path(),
      "/b");
  const Config web = Read(kWeb + "[oidc]\nissuer = \"https://oidc.example.org:8443\"");
  EXPECT_EQ(web.bundle_endpoint->listen.Text(), "[::]:443");
  EXPECT_EQ(web.bundle_endpoint->key_file, "credential:e.key");
  EXPECT_FALSE(web.bundle_endpoint->spiffe_id);
  EXPECT_EQ(web.oidc_issuer, "https://oidc.example.org:8443");
}

TEST(ConfigEndpointTest, BothProfilesAreFollowed) {
  const Config config = Read(kById + "bundle_file = \"/o.json\"\n" +
                             "[[federation]]\ntrust_domain = \"third.org\"\n"
                             "url = \"https://third.org/b?x=1\"\nprofile = \"https_web\"\n"
                             "ca_file = \"/ca.pem\"");
  ASSERT_EQ(config.federation.size(), 2U);
  EXPECT_EQ(config.federation[0].trust_domain.name(), "other.org");
  EXPECT_EQ(config.federation[0].endpoint_spiffe_id->Text(), "spiffe://other.org/b");
  EXPECT_EQ(config.federation[0].bundle_file, "/o.json");
  EXPECT_EQ(config.federation[1].profile, EndpointProfile::kHttpsWeb);
  EXPECT_EQ(config.federation[1].ca_file, "/ca.pem");
}

TEST(ConfigEndpointTest, WhatIsWrongIsTold) {
  ExpectEach(
      {{With("[bundle_endpoint]\nprofile = \"https_spiffe\""), {2, 1}, "where to listen", ""},
       {With("[bundle_endpoint]\nlisten = \"0.0.0.0:1\""), {2, 1}, "has no profile", ""},
       {With("[bundle_endpoint]\nlisten = \"h:1\"\nprofile = \"https_spiffe\""),
        {3, 10},
        "no IP address",
        ""},
       {With("[bundle_endpoint]\nlisten = \"[::]:0\"\nprofile = \"https_spiffe\""),
        {3, 10},
        "1 to 65535",
        ""},
       {With("[bundle_endpoint]\nlisten = \"0.0.0.0:1\"\nprofile = \"http\""),
        {4, 11},
        "\"http\" is unknown",
        ""},
       {With(kOwn + "key_file = \"/k\""), {5, 12}, "of no use in the profile https_spiffe", ""},
       {With(kOwn + "spiffe_id = \"spiffe://other.org/b\""),
        {5, 13},
        "no workload of example.org",
        ""},
       {With(kWeb + "spiffe_id = \"spiffe://example.org/b\""),
        {7, 13},
        "of no use in the profile",
        ""},
       {With(kOwn + "[oidc]\nissuer = \"https://o.example.org\""), {6, 10}, "needs a listener", ""},
       {With(kWeb + "[oidc]\nissuer = \"https://o.example.org/\""), {8, 10}, "behind its host", ""},
       {With(kWeb + "[oidc]\nissuer = \"http://o.example.org\""),
        {8, 10},
        "begin with https://",
        ""},
       {With(kFollowed), {2, 1}, "has no profile", ""},
       {With(kFollowed + "profile = \"https_spiffe\""), {2, 1}, "needs the SPIFFE ID", ""},
       {With(kById + "ca_file = \"/c\""), {7, 11}, "of no use in the profile https_spiffe", ""},
       {With(kFollowed + "profile = \"https_web\"\nbundle_file = \"/b\""),
        {6, 15},
        "of no use in the profile https_web",
        ""},
       {With("[[federation]]\ntrust_domain = \"example.org\"\nurl = \"https://h\"\n"
             "profile = \"https_web\""),
        {3, 16},
        "is our own",
        ""},
       {With("[[federation]]\ntrust_domain = \"o.org\"\nurl = \"https://u:p@h\"\n"
             "profile = \"https_web\""),
        {4, 7},
        "a user or a password",
        ""},
       {With(kFollowed + "profile = \"https_spiffe\"\nbundle_file = \"/b\"\n"
                         "endpoint_spiffe_id = \"spiffe://third.org/b\""),
        {6, 15},
        "says nothing of it",
        ""}},
      Severity::kError);
}

}  // namespace
}  // namespace surety
