#include "attestors/engine_lookup.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "attestors/boot_now.h"
#include "attestors/linux_process.h"
#include "tests/unit/attestors/child_process.h"
#include "tests/unit/attestors/engine_server.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using testing::EngineServer;
using testing::Eventually;
using testing::Folder;
using testing::HttpAnswer;

std::string IdOf(int number) {
  std::string id = std::to_string(number);
  return std::string(64 - id.size(), '0') + id;
}

// 500 containers that start together, one of which is answered slowly: it is not
// what the others wait for.
TEST(EngineLookup, OneSlowAnswerKeepsNobodyElseWaiting) {
  constexpr int kContainers = 500;
  const Folder folder;
  EngineServer server(folder.File("engine.sock"));
  server.Say([](const std::string& path) {
    if (path.find(IdOf(7)) != std::string::npos) std::this_thread::sleep_for(milliseconds(1'500));
    return HttpAnswer(404, R"({"message":"No such container"})");
  });
  EngineLookup lookup(
      DockerDialect(), {server.path(), 0}, {}, MakeLinuxProcessOpener(),
      [](const CgroupLine&) { return Result<CgroupMakers>(CgroupMakers()); }, &BootNow);
  const auto begin = BootNow();
  const auto answered = [&](int number) {
    return static_cast<bool>(lookup.Find(IdOf(number), milliseconds(0)));
  };
  const auto count = [&] {
    int answers = 0;
    for (int i = 0; i < kContainers; ++i) answers += answered(i) ? 1 : 0;
    return answers;
  };
  EXPECT_TRUE(Eventually([&] { return count() >= kContainers - 1; }));
  EXPECT_LT(BootNow() - begin, milliseconds(1'400));
  EXPECT_TRUE(Eventually([&] { return answered(7); }));
  EXPECT_EQ(server.requests(), kContainers);
}

}  // namespace
}  // namespace surety
