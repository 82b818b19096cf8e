#include "attestors/engine_lookup.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
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

// 500 containers that start together, one of which is not answered for long: it is
// not what the others wait for.
TEST(EngineLookup, OneSlowAnswerKeepsNobodyElseWaiting) {
  constexpr int kContainers = 500;
  constexpr int kSlow = 7;
  const Folder folder;
  std::atomic<bool> held = true;
  EngineServer server(folder.File("engine.sock"));
  server.Say([&](const std::string& path) {
    while (held && path.find(IdOf(kSlow)) != std::string::npos)
      std::this_thread::sleep_for(milliseconds(1));
    return HttpAnswer(404, R"({"message":"No such container"})");
  });
  EngineLookupLimits limits;
  limits.request.timeout = milliseconds(60'000);
  EngineLookup lookup(
      DockerDialect(), {server.path(), 0}, limits, MakeLinuxProcessOpener(),
      [](const CgroupLine&) { return Result<CgroupMakers>(CgroupMakers()); }, &BootNow);
  const auto answered = [&](int number) {
    return static_cast<bool>(lookup.Find(IdOf(number), milliseconds(0)));
  };
  const auto count = [&] {
    int answers = 0;
    for (int i = 0; i < kContainers; ++i) answers += answered(i) ? 1 : 0;
    return answers;
  };
  EXPECT_TRUE(Eventually([&] { return count() == kContainers - 1; }));
  EXPECT_FALSE(answered(kSlow));
  held = false;
  EXPECT_TRUE(Eventually([&] { return answered(kSlow); }));
  EXPECT_EQ(server.requests(), kContainers);
}

}  // namespace
}  // namespace surety
