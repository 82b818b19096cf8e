#include "attestors/engine_request.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "tests/unit/attestors/child_process.h"
#include "tests/unit/attestors/engine_server.h"

// Against a real server on a real socket. Runs as root.
namespace surety {
namespace {

using std::chrono::milliseconds;
using testing::EngineServer;
using testing::Folder;
using testing::HttpAnswer;

constexpr std::size_t kMaxBytes = 64UL << 10U;
constexpr milliseconds kTimeout{200};
const std::string kHead = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

class EngineRequest : public ::testing::Test {
 protected:
  Result<EngineReply> Ask(uid_t uid = 0) {
    return AskEngine({server_.path(), uid}, "/x", {kTimeout, kMaxBytes}, stop_.get_token());
  }
  // How it fails; and that no behaviour of the engine makes it take long.
  std::string Failure(uid_t uid = 0) {
    const auto begin = std::chrono::steady_clock::now();
    const auto reply = Ask(uid);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 20 * kTimeout);
    if (reply) return "an answer of " + std::to_string(reply->body.size()) + " bytes";
    EXPECT_NE(reply.error().message().find(server_.path()), std::string::npos)
        << reply.error().Text();
    return std::string(NameOf(reply.error().code()));
  }

  const Folder folder_;
  std::stop_source stop_;
  EngineServer server_{folder_.File("engine.sock")};
};

TEST_F(EngineRequest, GivesStatusAndBodyOfThePath) {
  server_.Say([](const std::string& path) { return HttpAnswer(404, "\"" + path + "\""); });
  const auto reply = Ask();
  ASSERT_TRUE(reply) << reply.error().Text();
  EXPECT_EQ(reply->status, 404);
  EXPECT_EQ(reply->body, "\"/x\"");
}

TEST_F(EngineRequest, AnswerMayComeInChunksAndWithACharset) {
  server_.Say([](const std::string&) {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
           "Transfer-Encoding: chunked\r\n\r\n2\r\n{\"\r\n4\r\n\":1}\r\n0\r\n\r\n";
  });
  const auto reply = Ask();
  ASSERT_TRUE(reply) << reply.error().Text();
  EXPECT_EQ(reply->body, "{\"\":1}");
}

TEST_F(EngineRequest, LongestAnswerIsTakenAndOneByteMoreIsNot) {
  server_.Say([](const std::string&) { return HttpAnswer(200, std::string(kMaxBytes, ' ')); });
  EXPECT_EQ(Ask()->body.size(), kMaxBytes);
  server_.Say([](const std::string&) { return HttpAnswer(200, std::string(kMaxBytes + 1, ' ')); });
  EXPECT_EQ(Failure(), "resource_exhausted");
}

TEST_F(EngineRequest, HundredMegabytesAreNotTaken) {
  server_.Do([this](int connection) {
    server_.Write(connection, kHead + "Content-Length: 104857600\r\n\r\n");
    const std::string block(1UL << 20U, '[');
    for (int i = 0; i < 100 && server_.Write(connection, block); ++i) continue;
  });
  rusage before{};
  ::getrusage(RUSAGE_SELF, &before);
  EXPECT_EQ(Failure(), "resource_exhausted");
  rusage after{};
  ::getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 32 * 1024);
}

TEST_F(EngineRequest, ChunksWithoutEndAreNotTaken) {
  server_.Do([this](int connection) {
    server_.Write(connection, kHead + "Transfer-Encoding: chunked\r\n\r\n");
    while (server_.Write(connection, "1\r\n \r\n")) continue;
  });
  const auto failure = Failure();
  EXPECT_TRUE(failure == "resource_exhausted" || failure == "deadline") << failure;
}

TEST_F(EngineRequest, HeadersWithoutEndAreNotTaken) {
  server_.Do([this](int connection) {
    server_.Write(connection, kHead);
    while (server_.Write(connection, "X-Much: " + std::string(1000, 'x') + "\r\n")) continue;
  });
  const auto failure = Failure();
  EXPECT_TRUE(failure == "unavailable" || failure == "deadline") << failure;
}

TEST_F(EngineRequest, SlowDripAndSilenceEndWithTheTimeout) {
  server_.Do([this](int connection) {
    server_.Write(connection, kHead + "Content-Length: 1000\r\n\r\n");
    while (server_.Write(connection, " ")) std::this_thread::sleep_for(milliseconds(10));
  });
  EXPECT_EQ(Failure(), "deadline");
  server_.Do([this](int connection) { server_.Hang(connection); });
  EXPECT_EQ(Failure(), "deadline");
}

TEST_F(EngineRequest, WhatIsNoJsonByItsTypeIsNotTaken) {
  for (const char* type : {"text/html", "application/jsonx", ""}) {
    server_.Say([type](const std::string&) { return HttpAnswer(200, "{}", type); });
    EXPECT_EQ(Failure(), "unavailable") << type;
  }
}

TEST_F(EngineRequest, WhatIsNoHttpOrCutShortIsNotTaken) {
  for (const std::string& answer :
       {std::string(), std::string("{\"Id\":\"x\"}"), std::string("HTTP/1.1 200 OK\r\n"),
        kHead + "Content-Length: 10\r\n\r\n{}", kHead + "Transfer-Encoding: chunked\r\n\r\nx"}) {
    server_.Say([answer](const std::string&) { return answer; });
    EXPECT_EQ(Failure(), "unavailable") << answer;
  }
}

TEST_F(EngineRequest, IsNotSentOnToAnotherPlace) {
  server_.Say([](const std::string&) {
    return "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Type: "
           "application/json\r\nContent-Length: 2\r\n\r\n{}";
  });
  EXPECT_EQ(Ask()->status, 302);
  EXPECT_EQ(server_.requests(), 1);
}

TEST_F(EngineRequest, VanishedSocketIsUnavailable) {
  server_.Vanish();
  EXPECT_EQ(Failure(), "unavailable");
}

TEST_F(EngineRequest, SocketOfAnotherUserIsNotAsked) {
  server_.Say([](const std::string&) { return HttpAnswer(200, "{}"); });
  EXPECT_EQ(Failure(1001), "permission_denied");
  ASSERT_EQ(::chown(server_.path().c_str(), 1001, 1001), 0);
  EXPECT_EQ(Failure(0), "permission_denied");
  // The name is the user's now, but root listens.
  EXPECT_EQ(Failure(1001), "permission_denied");
  EXPECT_EQ(server_.requests(), 0);
}

TEST_F(EngineRequest, FileThatIsNoSocketIsUnavailable) {
  server_.Vanish();
  ASSERT_TRUE(testing::WriteFile(server_.path(), "x"));
  EXPECT_EQ(Failure(), "unavailable");
}

TEST_F(EngineRequest, EndsWhenToldToStop) {
  server_.Do([this](int connection) {
    stop_.request_stop();
    server_.Hang(connection);
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto reply =
      AskEngine({server_.path(), 0}, "/x", {milliseconds(60'000), kMaxBytes}, stop_.get_token());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), ErrorCode::kUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(30'000));
}

}  // namespace
}  // namespace surety
