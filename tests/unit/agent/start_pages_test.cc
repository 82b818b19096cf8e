#include "agent/start_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <string>

namespace surety {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string Mapping(const std::string& header, int anonymous) {
  return header + "\nSize:  64 kB\nRss:  64 kB\nAnonymous:  " + std::to_string(anonymous) +
         " kB\nVmFlags: rd mr mw me\n";
}

TEST(StartPages, AreThoseOfFilesThatNobodyHasWrittenTo) {
  const std::string smaps = Mapping("1000-2000 r--p 00000000 08:01 7   /usr/bin/suretyd", 0) +
                            Mapping("2000-9000 r-xp 00001000 08:01 7   /usr/bin/suretyd", 0) +
                            Mapping("9000-a000 r--p 00008000 08:01 7   /usr/bin/suretyd", 8) +
                            Mapping("a000-b000 rw-p 00009000 08:01 7   /usr/bin/suretyd", 0) +
                            Mapping("b000-c000 r--p 00000000 00:00 0 ", 0) +
                            Mapping("c000-d000 r-xp 00000000 00:00 0   [vdso]", 0) +
                            Mapping("7ffe0000-7fff0000 r-xp 00000000 08:01 9   /usr/lib/a b.so", 0);
  EXPECT_THAT(UnchangedFileMappings(smaps),
              ElementsAre(MappedRange{0x1000, 0x2000}, MappedRange{0x2000, 0x9000},
                          MappedRange{0x7ffe0000, 0x7fff0000}));
}

TEST(StartPages, NothingIsFoundInWhatIsNoSuchText) {
  for (const char* text :
       {"", "\n", "Anonymous: 4 kB\n", "x-y r-xp /a\n", "10-", "10-20", "10-20 r-"})
    EXPECT_THAT(UnchangedFileMappings(text), IsEmpty()) << text;
}

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
