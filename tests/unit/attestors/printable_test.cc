#include "attestors/printable.h"

#include <gtest/gtest.h>

#include <set>

#include "attestors/capability_names.h"

namespace surety {
namespace {

TEST(Printable, LeavesOrdinaryPathsAndUtf8Alone) {
  EXPECT_EQ(Printable("/usr/bin/web (deleted)"), "/usr/bin/web (deleted)");
  EXPECT_EQ(Printable("/srv/b\xc3\xbc"
                      "ro/\xe2\x82\xac/\xf0\x9f\x94\x91"),
            "/srv/b\xc3\xbc"
            "ro/\xe2\x82\xac/\xf0\x9f\x94\x91");
}

TEST(Printable, EscapesControlsAndBackslash) {
  EXPECT_EQ(Printable("a\nb\x1b[31m\x7f\\"), "a\\x0ab\\x1b[31m\\x7f\\x5c");
  EXPECT_EQ(Printable("\xc2\x9b"), "\\xc2\\x9b");
  EXPECT_EQ(Printable(std::string_view("\0", 1)), "\\x00");
}

TEST(Printable, EscapesWhatIsNotUtf8) {
  EXPECT_EQ(Printable("\xff"), "\\xff");
  EXPECT_EQ(Printable("\xc3"), "\\xc3");
  EXPECT_EQ(Printable("\xc0\xaf"), "\\xc0\\xaf");
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(Printable("\xe2\x82x"), "\\xe2\\x82x");
}

TEST(Printable, DifferentTextsStayDifferent) {
  const std::set<std::string> seen = {Printable("a\n"), Printable("a\\x0a"), Printable("a\\n"),
                                      Printable("a\\"), Printable("a\\x5c")};
  EXPECT_EQ(seen.size(), 5U);
}

TEST(CapabilityName, KnowsTheKernelsNumbers) {
  EXPECT_EQ(CapabilityName(0), "chown");
  EXPECT_EQ(CapabilityName(12), "net_admin");
  EXPECT_EQ(CapabilityName(21), "sys_admin");
  EXPECT_EQ(CapabilityName(40), "checkpoint_restore");
  EXPECT_EQ(CapabilityName(41), "41");
}

}  // namespace
}  // namespace surety
