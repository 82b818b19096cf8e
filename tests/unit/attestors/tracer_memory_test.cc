#include "attestors/tracer_memory.h"

#include <gtest/gtest.h>

namespace surety {
namespace {

using Tracer = TracerMemory::Tracer;

constexpr ProcessKey kWeb{10, 7};

TEST(TracerMemory, RemembersUntilTheProcessIsGone) {
  TracerMemory memory;
  EXPECT_EQ(memory.Find(kWeb), std::nullopt);
  memory.Note(kWeb, 1001U);
  EXPECT_EQ(memory.Find(kWeb), Tracer(1001U));
  EXPECT_EQ(memory.Find({10, 8}), std::nullopt) << "another process with the same pid";
  memory.Forget(kWeb);
  EXPECT_EQ(memory.Find(kWeb), std::nullopt);
}

TEST(TracerMemory, ATracerThatWasGoneTooSoonIsOneAllTheSame) {
  TracerMemory memory;
  memory.Note(kWeb, std::nullopt);
  ASSERT_TRUE(memory.Find(kWeb).has_value());
  EXPECT_EQ(*memory.Find(kWeb), std::nullopt);
  memory.Note(kWeb, 1001U);
  memory.Note(kWeb, std::nullopt);
  EXPECT_EQ(memory.Find(kWeb), Tracer(1001U));
}

TEST(TracerMemory, RootsTracersAreNotRemembered) {
  TracerMemory memory;
  memory.Note(kWeb, 0U);
  EXPECT_EQ(memory.Find(kWeb), std::nullopt);
}

}  // namespace
}  // namespace surety
