#include "agent/start_pages.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <string>

namespace surety {
namespace {

// Relocated tables, constants and code are all still what they were.
TEST(StartPages, ProgramGoesOnAfterwards) {
  const auto resident = [] {
    std::ifstream file("/proc/self/statm");
    std::array<long, 3> pages{};
    for (long& one : pages) file >> one;
    return pages[2];  // Of files.
  };
  const long before = resident();
  GiveBackStartPages();
  EXPECT_LT(resident(), before);
  std::string text = "still";
  text += " here";
  EXPECT_EQ(text, "still here");
}

}  // namespace
}  // namespace surety
