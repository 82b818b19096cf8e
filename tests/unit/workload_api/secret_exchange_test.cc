#include "workload_api/secret_exchange.h"

#include <gtest/gtest.h>

namespace surety {
namespace {

SecretDemand Asking(const std::vector<std::string>& names) {
  return *ReadSecretDemand(names, SecretNames());
}

ChosenSecrets Secrets(const std::string& authority) {
  auto bundles =
      std::make_shared<BundleSet>(BundleSet{.trust_domain = *TrustDomain::Parse("example.org"),
                                            .x509_authorities = {authority},
                                            .federated = {},
                                            .crls = {}});
  return {{ChosenSecret{.name = "ROOTCA", .bundles = std::move(bundles)}}};
}

class SecretExchangeTest : public ::testing::Test {
 protected:
  SecretExchangeTest() { exchange_.Hear({.demand = Asking({"ROOTCA"})}); }
  SecretExchange exchange_;
};

TEST_F(SecretExchangeTest, TheFirstRequestIsOwedAResponse) {
  SecretExchange fresh;
  EXPECT_FALSE(fresh.owed());
  EXPECT_TRUE(fresh.Hear({.demand = {}}).asks) << "also one that asks for all";
  EXPECT_TRUE(fresh.owed());
  EXPECT_TRUE(fresh.IsDue({}));
}

TEST_F(SecretExchangeTest, AnAcknowledgementAsksForNothing) {
  const std::string nonce = exchange_.Send(Secrets("root"));
  const auto heard = exchange_.Hear({.demand = Asking({"ROOTCA"}), .nonce = nonce});
  EXPECT_FALSE(heard.stale || heard.refused || heard.asks);
  EXPECT_FALSE(exchange_.IsDue(Secrets("root")));
}

TEST_F(SecretExchangeTest, ThereIsNoPushWithoutAChange) {
  exchange_.Send(Secrets("root"));
  EXPECT_FALSE(exchange_.IsDue(Secrets("root")));
  EXPECT_TRUE(exchange_.IsDue(Secrets("next root")));
}

TEST_F(SecretExchangeTest, WhatWasRefusedIsNotSentAgainUntilItChanges) {
  const std::string nonce = exchange_.Send(Secrets("root"));
  const auto heard =
      exchange_.Hear({.demand = Asking({"ROOTCA"}), .nonce = nonce, .error = "no such cipher"});
  EXPECT_TRUE(heard.refused);
  EXPECT_FALSE(heard.asks);
  EXPECT_FALSE(exchange_.IsDue(Secrets("root")));
  EXPECT_TRUE(exchange_.IsDue(Secrets("next root")));
}

TEST_F(SecretExchangeTest, ARefusalMayAskForOtherNames) {
  const std::string nonce = exchange_.Send(Secrets("root"));
  const auto heard = exchange_.Hear({.demand = Asking({"ALL"}), .nonce = nonce, .error = "no"});
  EXPECT_TRUE(heard.refused && heard.asks);
}

TEST_F(SecretExchangeTest, OtherNamesAreAnsweredEvenIfTheAnswerIsTheSame) {
  const std::string nonce = exchange_.Send(Secrets("root"));
  EXPECT_TRUE(exchange_.Hear({.demand = Asking({"ALL"}), .nonce = nonce}).asks);
  EXPECT_EQ(exchange_.demand(), Asking({"ALL"}));
  EXPECT_TRUE(exchange_.IsDue(Secrets("root")));
  exchange_.Send(Secrets("root"));
  EXPECT_FALSE(exchange_.owed());
}

TEST_F(SecretExchangeTest, AStaleNonceSaysNothing) {
  const std::string first = exchange_.Send(Secrets("root"));
  const std::string second = exchange_.Send(Secrets("next root"));
  for (const std::string& nonce : {first, std::string(), std::string("7")}) {
    const auto heard = exchange_.Hear({.demand = Asking({"ALL"}), .nonce = nonce, .error = "no"});
    EXPECT_TRUE(heard.stale) << nonce;
    EXPECT_FALSE(heard.refused || heard.asks) << nonce;
  }
  EXPECT_EQ(exchange_.demand(), Asking({"ROOTCA"}));
  EXPECT_FALSE(exchange_.Hear({.demand = Asking({"ROOTCA"}), .nonce = second}).stale);
}

TEST_F(SecretExchangeTest, NamesMayChangeBeforeTheFirstResponse) {
  EXPECT_TRUE(exchange_.Hear({.demand = Asking({"ALL"})}).asks);
  EXPECT_EQ(exchange_.demand(), Asking({"ALL"}));
}

}  // namespace
}  // namespace surety
