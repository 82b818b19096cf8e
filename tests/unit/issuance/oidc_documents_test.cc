#include "agent/issuance/oidc_documents.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace surety {
namespace {

using nlohmann::json;

TEST(OidcDocuments, TheDiscoveryDocumentSaysWhereTheKeysAre) {
  const json document = json::parse(WriteOidcDocument("https://oidc.example.org"));
  EXPECT_EQ(document["issuer"], "https://oidc.example.org");
  EXPECT_EQ(document["jwks_uri"], "https://oidc.example.org/keys");
  EXPECT_EQ(document["id_token_signing_alg_values_supported"], json::array({"ES256"}));
  EXPECT_EQ(document["subject_types_supported"], json::array({"public"}));
  EXPECT_EQ(document["response_types_supported"], json::array({"id_token"}));
}

TEST(OidcDocuments, KeysAreForSignaturesOfOneAlgorithm) {
  const auto keys = WriteOidcKeys(R"({"keys": [{"kty": "EC", "use": "jwt-svid", "kid": "k"}]})");
  ASSERT_TRUE(keys);
  EXPECT_EQ(json::parse(*keys),
            json::parse(R"({"keys": [{"kty": "EC", "use": "sig", "kid": "k", "alg": "ES256"}]})"));
}

TEST(OidcDocuments, WhatIsNoSetOfKeysIsRefused) {
  for (const std::string set : {"", "[]", "{}", R"({"keys": {}})", R"({"keys": [1]})"})
    EXPECT_FALSE(WriteOidcKeys(set)) << set;
}

}  // namespace
}  // namespace surety
