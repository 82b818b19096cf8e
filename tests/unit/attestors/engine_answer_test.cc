#include "attestors/engine_answer.h"

#include <gtest/gtest.h>

#include <string>

namespace surety {
namespace {

const std::string kId(64, 'a');
const std::string kDigest(64, 'd');

std::string Docker(const std::string& more = "", const std::string& state = R"("Pid":17)") {
  return R"({"Id":")" + kId + R"(","Name":"/pay","Image":"sha256:)" + kDigest + R"(","State":{)" +
         state +
         R"(,"StartedAt":"t"},"Config":{"Image":"pay:1","Labels":{"app":"pay"},)"
         R"("Env":["A=b"]})" +
         more + "}";
}

std::string WhyNot(const std::string& json) {
  const auto facts = ParseDockerContainer(json);
  if (facts) return "read";
  EXPECT_EQ(facts.error().code(), ErrorCode::kUnavailable);
  return facts.error().message();
}

TEST(ParseDockerContainer, ReadsWhatSelectorsAreMadeOf) {
  const auto facts = ParseDockerContainer(Docker());
  ASSERT_TRUE(facts) << facts.error().Text();
  EXPECT_EQ(facts->id, kId);
  EXPECT_EQ(facts->name, "pay");
  EXPECT_EQ(facts->image_id, "pay:1");
  EXPECT_EQ(facts->image_digest, "sha256:" + kDigest);
  EXPECT_EQ(facts->image_config_digest, "sha256:" + kDigest);
  EXPECT_EQ(facts->labels, (ContainerFacts::Labels{{"app", "pay"}}));
  EXPECT_EQ(facts->env, std::vector<std::string>{"A=b"});
  EXPECT_EQ(facts->pid, 17);
  EXPECT_EQ(facts->started_at, "t");
  EXPECT_EQ(facts->pod_id, "");
}

TEST(ParseDockerContainer, DigestOfTheManifestGoesFirst) {
  const auto facts =
      ParseDockerContainer(Docker(R"(,"ImageManifestDescriptor":{"digest":"sha256:m"})"));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->image_digest, "sha256:m");
  EXPECT_EQ(facts->image_config_digest, "");
}

TEST(ParseDockerContainer, NullAndAbsentAreNone) {
  const auto facts = ParseDockerContainer(
      R"({"State":{"Pid":1,"StartedAt":"t"},"Config":{"Labels":null,"Env":null}})");
  ASSERT_TRUE(facts) << facts.error().Text();
  EXPECT_TRUE(facts->labels.empty());
  EXPECT_TRUE(facts->env.empty());
  EXPECT_EQ(facts->image_digest, "");
}

TEST(ParseDockerContainer, OneThatDoesNotRunCannotBeTold) {
  EXPECT_NE(WhyNot(Docker("", R"("Pid":0)")).find("does not run"), std::string::npos);
  EXPECT_NE(WhyNot(R"({"Id":"aa","State":{}})").find("does not run"), std::string::npos);
}

TEST(ParseDockerContainer, WrongTypesAreNamed) {
  for (const auto& [json, field] : std::initializer_list<std::pair<std::string, const char*>>{
           {R"({"Id":7})", "Id"},
           {R"({"Id":"../x"})", "Id"},
           {R"({"State":[]})", "State"},
           {Docker("", R"("Pid":"1")"), "Pid"},
           {Docker("", R"("Pid":-1)"), "Pid"},
           {Docker("", R"("Pid":4294967297)"), "Pid"},
           {Docker("", R"("Pid":1e3)"), "Pid"},
           {R"({"Config":{"Labels":{"a":1}}})", "Labels"},
           {R"({"Config":{"Labels":["a"]}})", "Labels"},
           {R"({"Config":{"Env":{"a":"b"}}})", "Env"},
           {R"({"Config":{"Env":[1]}})", "Env"}})
    EXPECT_NE(WhyNot(json).find('"' + std::string(field) + '"'), std::string::npos)
        << json << ": " << WhyNot(json);
}

TEST(ParseDockerContainer, WhatIsNoObjectIsRefused) {
  for (const char* json :
       {"", "[]", "17", "null", "{", "{}{}", "{\"Id\":\"\xff\"}", "\xef\xbb\xbf"})
    EXPECT_NE(WhyNot(json).find("not a JSON object"), std::string::npos) << json;
}

TEST(ParseDockerContainer, DeepNestingIsRefused) {
  const auto nested = [](std::size_t depth) {
    return Docker(",\"x\":" + std::string(depth, '[') + std::string(depth, ']'));
  };
  EXPECT_EQ(WhyNot(nested(20)), "read");
  for (const std::size_t depth : {std::size_t{40}, std::size_t{500'000}})
    EXPECT_NE(WhyNot(nested(depth)).find("nested too deep"), std::string::npos);
  EXPECT_NE(WhyNot(std::string(1UL << 20U, '[')), "read");
}

TEST(ParseDockerContainer, TooManyLabelsAreRefused) {
  const auto with = [](int count) {
    std::string labels;
    for (int i = 0; i < count; ++i)
      labels += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":\"x\"";
    return R"({"State":{"Pid":1,"StartedAt":"t"},"Config":{"Labels":{)" + labels + "}}}";
  };
  EXPECT_EQ(WhyNot(with(1000)), "read");
  EXPECT_NE(WhyNot(with(1001)).find("\"Labels\""), std::string::npos);
}

TEST(ParseDockerContainer, LabelsThatAreTooLongTogetherAreRefused) {
  const auto with = [](std::size_t size) {
    return R"({"State":{"Pid":1,"StartedAt":"t"},"Config":{"Labels":{"a":")" +
           std::string(size, 'x') + R"(","b":")" + std::string(size, 'x') + R"("}}})";
  };
  EXPECT_EQ(WhyNot(with(32'000)), "read");
  EXPECT_NE(WhyNot(with(33'000)).find("\"Labels\""), std::string::npos);
}

const std::string kPodman =
    R"({"Id":")" + kId + R"(","Name":"pay","Image":")" + kDigest +
    R"(","ImageDigest":"sha256:m","ImageName":"localhost/pay:1","Pod":"bb",)"
    R"("State":{"Pid":17,"StartedAt":"t"},"Config":{"Labels":{"app":"pay"},"Env":["A=b"]}})";

TEST(ParsePodmanContainer, ReadsWhatSelectorsAreMadeOf) {
  const auto facts = ParsePodmanContainer(kPodman);
  ASSERT_TRUE(facts) << facts.error().Text();
  EXPECT_EQ(facts->name, "pay");
  EXPECT_EQ(facts->image_id, "localhost/pay:1");
  EXPECT_EQ(facts->image_digest, "sha256:m");
  EXPECT_EQ(facts->image_config_digest, "sha256:" + kDigest);
  EXPECT_EQ(facts->pod_id, "bb");
  EXPECT_FALSE(ParsePodmanContainer("[]"));
  EXPECT_FALSE(ParsePodmanContainer(R"({"State":{"Pid":1,"StartedAt":"t"},"Pod":"a/../b"})"));
}

TEST(ParsePodmanPod, AddsThePodThatWasAskedFor) {
  auto facts = *ParsePodmanContainer(kPodman);
  ASSERT_TRUE(ParsePodmanPod(R"({"Id":"bb","Name":"shop","Labels":{"tier":"web"}})", facts));
  EXPECT_EQ(facts.pod_name, "shop");
  EXPECT_EQ(facts.pod_labels, (ContainerFacts::Labels{{"tier", "web"}}));
  EXPECT_FALSE(ParsePodmanPod(R"({"Id":"cc","Name":"shop"})", facts));
  EXPECT_FALSE(ParsePodmanPod("[]", facts));
  EXPECT_FALSE(ParsePodmanPod(R"({"Id":"bb","Labels":1})", facts));
}

TEST(SaysNotFound, NeedsAnEnginesOwnWords) {
  EXPECT_TRUE(SaysNotFound(R"({"message":"No such container: x"})"));
  EXPECT_TRUE(SaysNotFound(R"({"cause":"no such container","message":"x","response":404})"));
  for (const char* json : {"", "{}", "[]", R"({"message":1})", R"({"error":"x"})"})
    EXPECT_FALSE(SaysNotFound(json)) << json;
}

}  // namespace
}  // namespace surety
