#include "attestors/container_search.h"

#include <gtest/gtest.h>

#include "tests/unit/attestors/child_process.h"
#include "tests/unit/attestors/engine_server.h"

namespace surety {
namespace {

using testing::EngineServer;
using testing::HttpAnswer;

Result<std::optional<pid_t>> Asked(const std::string& answer) {
  const testing::Folder folder;
  EngineServer server(folder.File("engine.sock"));
  server.Say([&](const std::string& path) {
    EXPECT_EQ(path, "/containers/web/json");
    return answer;
  });
  return AskFirstProcess({server.path(), 0}, "web", {}, {});
}

TEST(ContainerSearch, NobodyIsTheFirstProcessOfAnUnknownContainer) {
  const auto pid = Asked(HttpAnswer(404, R"({"message":"No such container: web"})"));
  ASSERT_TRUE(pid) << pid.error().Text();
  EXPECT_FALSE(*pid);
}

TEST(ContainerSearch, OtherAnswersTellNothing) {
  EXPECT_EQ(Asked(HttpAnswer(500, R"({"message":"broken"})")).error().code(),
            ErrorCode::kUnavailable);
  EXPECT_EQ(Asked(HttpAnswer(404, "[]")).error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(Asked(HttpAnswer(200, "{}")).error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace surety
