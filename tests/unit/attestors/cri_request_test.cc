#include "attestors/cri_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "tests/unit/attestors/child_process.h"
#include "tests/unit/attestors/cri_server.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using testing::CriServer;
using testing::Folder;
using ::testing::HasSubstr;

const std::string kId(64, 'e');

class CriRequestTest : public ::testing::Test {
 protected:
  CriRequestTest() { server_.SayRunning(kId, 42); }

  Result<std::optional<ContainerFacts>> Ask(milliseconds timeout = milliseconds(5'000)) {
    return AskCri({server_.path(), 0}, kId, {.timeout = timeout, .max_bytes = 100'000}, {});
  }
  std::string WrongWith() {
    const auto facts = Ask();
    return facts ? "" : facts.error().Text();
  }

  const Folder folder_;
  CriServer server_{folder_.File("cri.sock")};
};

TEST_F(CriRequestTest, ReadsTheContainerAndItsPod) {
  const auto facts = Ask();
  ASSERT_TRUE(facts) << facts.error().Text();
  ASSERT_TRUE(*facts);
  EXPECT_EQ(server_.asked.container_id(), kId);
  EXPECT_TRUE(server_.asked.verbose());
  const ContainerFacts& got = **facts;
  EXPECT_EQ(got.id, kId);
  EXPECT_EQ(got.name, "web");
  EXPECT_EQ(got.image_id, "pay:1");
  EXPECT_EQ(got.image_digest, "sha256:d");
  EXPECT_EQ(got.labels, (ContainerFacts::Labels{{"app", "pay"}}));
  EXPECT_EQ(got.pid, 42);
  EXPECT_EQ(got.started_at, "1");
  EXPECT_EQ(got.pod_id, "ab12");
  EXPECT_EQ(got.pod_name, "pay-1");
  EXPECT_EQ(got.pod_uid, "0b5c-1");
  EXPECT_EQ(got.pod_namespace, "shop");
  EXPECT_EQ(got.pod_labels, (ContainerFacts::Labels{{"tier", "gold"}}));
}

TEST_F(CriRequestTest, DigestIsThatOfWhatWasPulledOrTheImagesId) {
  for (const auto& [reference, digest] :
       std::map<std::string, std::string>{{"sha256:c", "sha256:c"}, {"pay:1", ""}, {"", ""}}) {
    server_.container.mutable_status()->set_image_ref(reference);
    EXPECT_EQ((*Ask())->image_digest, digest);
  }
}

TEST_F(CriRequestTest, OneThatItDoesNotHaveIsNotThere) {
  server_.container_code = {grpc::StatusCode::NOT_FOUND, "no such container"};
  const auto facts = Ask();
  ASSERT_TRUE(facts) << facts.error().Text();
  EXPECT_FALSE(*facts);
}

TEST_F(CriRequestTest, OneThatDoesNotRunCannotBeTold) {
  for (const auto state : {runtime::v1::CONTAINER_CREATED, runtime::v1::CONTAINER_EXITED,
                           runtime::v1::CONTAINER_UNKNOWN}) {
    server_.container.mutable_status()->set_state(state);
    EXPECT_THAT(WrongWith(), HasSubstr("does not run"));
  }
  server_.container.clear_status();
  EXPECT_THAT(WrongWith(), HasSubstr("does not run"));
}

TEST_F(CriRequestTest, WithoutPidAndPodItCannotBeTold) {
  for (const std::string info :
       {"", "[]", "{", "{}", R"({"sandboxID":"ab12"})", R"({"pid":1})",
        R"({"sandboxID":1,"pid":1})", R"({"sandboxID":"../x","pid":1})",
        R"({"sandboxID":"ab12","pid":-1})", R"({"sandboxID":"ab12","pid":"1"})",
        R"({"sandboxID":"ab12","pid":99999999999})"}) {
    (*server_.container.mutable_info())["info"] = info;
    EXPECT_NE(WrongWith(), "") << info;
  }
  (*server_.container.mutable_info())["info"] = std::string(40'000, '[');
  EXPECT_THAT(WrongWith(), HasSubstr("nested too deep"));
  server_.container.clear_info();
  EXPECT_THAT(WrongWith(), HasSubstr("no \"info\""));
}

TEST_F(CriRequestTest, APodThatIsNotItsOwnCannotBeTold) {
  server_.pod.mutable_status()->set_id("cd34");
  EXPECT_THAT(WrongWith(), HasSubstr("about another pod"));
  server_.pod.mutable_status()->set_id("ab12");
  server_.pod.mutable_status()->mutable_metadata()->clear_uid();
  EXPECT_THAT(WrongWith(), HasSubstr("does not say which pod"));
  // The container is there, so that this is no "no such container".
  server_.pod_code = {grpc::StatusCode::NOT_FOUND, "no such \x1b[2Jpod"};
  const auto facts = Ask();
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(facts.error().Text(), "the runtime: no such \\x1b[2Jpod");
}

TEST_F(CriRequestTest, TooMuchIsNotTaken) {
  auto& labels = *server_.container.mutable_status()->mutable_labels();
  for (int i = 0; i < 1'001; ++i) labels[std::to_string(i)] = "x";
  EXPECT_THAT(WrongWith(), HasSubstr("1002 labels"));
  labels["long"] = std::string(10'000'000, 'x');
  const auto facts = Ask(milliseconds(500));
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code(), ErrorCode::kResourceExhausted);
}

TEST_F(CriRequestTest, NoAnswerEndsWithTheTimeout) {
  server_.hold = true;
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(Ask(milliseconds(200)).error().code(), ErrorCode::kDeadline);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
}

TEST_F(CriRequestTest, StoppingEndsTheWait) {
  server_.hold = true;
  std::stop_source stop;
  std::jthread stopping([&] {
    while (server_.requests == 0) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_FALSE(
      AskCri({server_.path(), 0}, kId, {.timeout = std::chrono::seconds(60)}, stop.get_token()));
}

TEST_F(CriRequestTest, ARuntimeThatHasGoneOrIsAnothersCannotBeTold) {
  EXPECT_THAT(AskCri({server_.path(), 1001}, kId, {}, {}).error().Text(),
              HasSubstr("belongs to uid 0"));
  server_.Vanish();
  EXPECT_EQ(Ask().error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace surety
