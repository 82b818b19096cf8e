#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/identity/entry_cases.h"

namespace surety {
namespace {

TEST(EntryKeysTest, SpiffeIdIsAWorkloadOfOurTrustDomain) {
  ExpectEach(
      {
          {"[[entry]]\nselectors = [\"unix:uid:1\"]\n", {1, 1}, "no spiffe_id", "add spiffe_id"},
          {EntryWithId("1"),
           {2, 13},
           "spiffe_id is an integer, not a string",
           "spiffe_id = \"spiffe"},
          {EntryWithId("\"web\""), {2, 13}, "'w' at byte 1", "spiffe://example.org/web"},
          {EntryWithId("\"spiffe://example.org/a/\""), {2, 13}, "ends with '/'", "write it as"},
          {EntryWithId("\"spiffe://example.org/" + std::string(2048, 'a') + "\""),
           {2, 13},
           "at most 2048",
           "write it as"},
          {EntryWithId("\"spiffe://other.org/web\""),
           {2, 13},
           "trust domain \"other.org\", and this daemon speaks for \"example.org\"",
           "spiffe://example.org/web"},
          {EntryWithId("\"spiffe://example.org\""), {2, 13}, "has no path", "name the workload"},
          {EntryWithId("\"spiffe://example.org/spire\""), {2, 13}, "reserved", "another path"},
          {EntryWithId("\"spiffe://example.org/spire/agent/x\""),
           {2, 13},
           "reserved",
           "another path"},
      },
      Severity::kError);
  Diagnostics diagnostics;
  ParseEntriesFile(EntryWithId("\"spiffe://example.org/spire2\""), diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "") << "not below /spire";
}

TEST(EntryKeysTest, OtherKeysAreJudgedToo) {
  ExpectEach(
      {
          {EntryWith("id = \"\""), {2, 6}, "id \"\" is not 1 to 2048 bytes", "leave it out"},
          {EntryWith("id = \"a b\""), {2, 6}, "id \"a b\"", "leave it out"},
          {EntryWith("id = 7"), {2, 6}, "id is an integer, not a string", "id = \"web\""},
          {EntryWith("x509_ttl = \"10\""),
           {2, 12},
           "\"10\" is not a duration",
           "x509_ttl = \"10m\""},
          {EntryWith("x509_ttl = 10"), {2, 12}, "x509_ttl is an integer", "x509_ttl = \"10m\""},
          {EntryWith("x509_ttl = \"9s\""), {2, 12}, "shorter than 10s", "from 10s to 30d"},
          {EntryWith("x509_ttl = \"31d\""), {2, 12}, "longer than 30d", "from 10s to 30d"},
          {EntryWith("hint = \"" + std::string(1025, 'x') + "\""), {2, 8}, "1025 bytes", "shorten"},
          {EntryWith("hint = \"a\\u0007\""), {2, 8}, "control character", "hint = "},
          {EntryWith("hint = true"), {2, 8}, "hint is a boolean", "hint = \"internal\""},
          {EntryWith("dns_names = \"web\""),
           {2, 13},
           "dns_names is a string, not an array",
           "[\"web"},
          {EntryWith("dns_names = [\"web.internal\", \"10.0.0.1\"]"),
           {2, 30},
           "ends in a number",
           "web.internal"},
          {EntryWith("dns_names = [1979-05-27]"),
           {2, 14},
           "an element of dns_names is a date",
           "[\"web"},
          {EntryWith("priority = 2147483648"), {2, 12}, "2147483648 is too large", "2147483647"},
          {EntryWith("priority = -2147483649"), {2, 12}, "-2147483649 is too large", "-2147483648"},
          {EntryWith("revoke_on_exit = \"no\""),
           {2, 18},
           "revoke_on_exit is a string, not true or false",
           "revoke_on_exit = false"},
          {EntryWith("jwt_ttl = \"2d\""), {2, 11}, "jwt_ttl", "1d"},
          {EntryWith("jwt_audiences = [\"\"]"), {2, 18}, "an audience is empty", "reports"},
          {EntryWith("jwt_audiences = \"reports\""),
           {2, 17},
           "jwt_audiences is a string",
           "reports"},
          {EntryWith("federates_with = [\"spiffe://other.org\"]"),
           {2, 19},
           "federates_with",
           "bare names"},
          {EntryWith("federates_with = [\"example.org\"]"),
           {2, 19},
           "our own trust domain",
           "remove it"},
          {EntryWith("priority = 1.5"),
           {2, 12},
           "priority is a float, not an integer",
           "priority = 10"},
      },
      Severity::kError);
}

TEST(EntryKeysTest, WhatIsProbablyNotMeantIsAWarning) {
  ExpectEach(
      {
          {EntryWith("x509_ttl = \"8d\""),
           {2, 12},
           "longer than the signer's own lifetime (ca_ttl is 7d)",
           "shorter x509_ttl"},
          {EntryWith("jwt_ttl = \"2h\""), {2, 11}, "cannot be revoked", "an hour or less"},
          {EntryWith("wit_ttl = \"2h\""), {2, 11}, "wit_ttl is 2h", "an hour or less"},
          {EntryWith("jwt_audiences = []"), {2, 17}, "no token for anybody", "allow any"},
          {EntryWith("federates_with = [\"o.org\", \"o.org\"]"),
           {2, 28},
           "is there twice",
           "remove one"},
          {EntryWith("jwt_audiences = [\"a\", \"a\"]"), {2, 23}, "is there twice", "remove one"},
          {EntryWith("dns_names = [\"a.b\", \"a.b\"]"),
           {2, 21},
           "\"a.b\" is there twice",
           "remove one"},
          {EntryWith("pins = [\"unix:uid\", \"unix:uid\"]"),
           {2, 21},
           "pin \"unix:uid\" is",
           "remove one"},
          {EntryWithSelectors("[\"unix:uid:1\", \"unix:uid:1\"]"),
           {3, 28},
           "is there twice",
           "remove one"},
      },
      Severity::kWarning);
}

}  // namespace
}  // namespace surety
