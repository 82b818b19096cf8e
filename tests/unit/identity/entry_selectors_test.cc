#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/identity/entry_cases.h"

namespace surety {
namespace {

using testing::SizeIs;

TEST(EntrySelectorsTest, SelectorsSayWhichProcesses) {
  ExpectEach(
      {
          {"[[entry]]\nspiffe_id = \"spiffe://example.org/a\"\n",
           {1, 1},
           "match every process",
           "selectors = [\"unix:uid:1001\"]"},
          {EntryWithSelectors("[]"),
           {3, 13},
           "match every process",
           "selectors = [\"unix:uid:1001\"]"},
          {EntryWithSelectors("\"unix:uid:1\""),
           {3, 13},
           "selectors is a string, not an array",
           "selectors = ["},
          {EntryWithSelectors("[\"unix:uid:1\", 7]"),
           {3, 28},
           "an element of selectors is an integer",
           "selectors = ["},
          {EntryWithSelectors("[\"unix\"]"),
           {3, 14},
           "is not written type:value",
           "surety attest PID"},
          {EntryWithSelectors("[\"unix:\"]"),
           {3, 14},
           "is not written type:value",
           "surety attest PID"},
          {EntryWithSelectors("[\":uid\"]"),
           {3, 14},
           "is not written type:value",
           "surety attest PID"},
          {EntryWithSelectors("[\"unix:uid:1\\n\"]"), {3, 14}, "control character", "type:value"},
          {EntryWithSelectors("[\"unix:uid:1 \"]"), {3, 14}, "a space around", "remove"},
          {EntryWithSelectors("[\"unux:uid:1\"]"),
           {3, 14},
           "type \"unux\", which no attestor",
           "did you mean \"unix\"?"},
          {EntryWithSelectors("[\"docker:label:x\"]"),
           {3, 14},
           "type \"docker\", whose attestor is switched off",
           "add the section [attestors.docker]"},
          {EntryWithSelectors("[\"nonsense:x\"]"),
           {3, 14},
           "type \"nonsense\", which no attestor",
           "known are unix, cgroup"},
          {EntryWithSelectors("[\"unix:user_id:1\"]"),
           {3, 14},
           "kind \"unix:user_id\", which no attestor",
           "did you mean \"unix:uid\"?"},
          {EntryWithSelectors("[\"unix:supplementary_gid:7\"]"),
           {3, 14},
           "kind \"unix:supplementary_gid\"",
           "known are unix:uid, unix:path, unix:sha256"},
          {EntryWithSelectors("[\"unix:pth:/x\"]"),
           {3, 14},
           "kind \"unix:pth\"",
           "did you mean \"unix:path\"?"},
          {EntryWithSelectors("[\"unix:path:" + std::string(8192, 'x') + "\"]"),
           {3, 14},
           "longer than 8192",
           "shorten"},
      },
      Severity::kError);
}

TEST(EntrySelectorsTest, SelectorsOfATypeWithoutKnownKindsAreTaken) {
  Diagnostics diagnostics;
  ParseEntriesFile(EntryWithSelectors("[\"cgroup:anything:x\"]"), diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "");
}

TEST(EntrySelectorsTest, EntryHasAtMost64Selectors) {
  std::string many = "[";
  for (int i = 0; i < 65; ++i) many += "\"unix:uid:" + std::to_string(i) + "\",";
  ExpectEach({{EntryWithSelectors(many + "]"), {3, 13}, "selectors has 65 elements", "at most 64"}},
             Severity::kError);
}

TEST(EntrySelectorsTest, PinsAreKindsThatSomeAttestorMakes) {
  ExpectEach(
      {
          {EntryWith("pins = []"), {2, 8}, "nothing that the process becomes", "leave pins out"},
          {EntryWith("pins = \"unix:uid\""),
           {2, 8},
           "is a string, not an array",
           "pins = [\"unix:uid\""},
          {EntryWith("pins = [true]"), {2, 9}, "an element of pins is a boolean", "pins = ["},
          {EntryWith("pins = [\"unix:uid\", \"unix:pth\"]"),
           {2, 21},
           "pin \"unix:pth\" is of the kind \"unix:pth\", which no attestor here makes",
           "did you mean \"unix:path\"? known are unix:uid, unix:path, unix:sha256"},
          {EntryWith("pins = [\"unix:supplementary_gid\"]"),
           {2, 9},
           "of the kind \"unix:supplementary_gid\"",
           "known are unix:uid, unix:path, unix:sha256"},
          {EntryWith("pins = [\"docker\"]"),
           {2, 9},
           "pin \"docker\" is of the type \"docker\", whose attestor is switched off",
           "add the section [attestors.docker]"},
          {EntryWith("pins = [\"unix:uid:1001\"]"), {2, 9}, "has a value", "write \"unix:uid\""},
          {EntryWith("pins = [\"unix:user_id:7\"]"),
           {2, 9},
           "of the kind \"unix:user_id\"",
           "known are"},
          {EntryWith("pins = [\"\"]"), {2, 9}, "is not a kind of selector", "without a value"},
          {EntryWith("pins = [\"unix:\"]"), {2, 9}, "is not a kind of selector", "without a value"},
          {EntryWith("pins = [\":uid\"]"), {2, 9}, "is not a kind of selector", "without a value"},
          {EntryWith("pins = [\"cgroup::x\"]"),
           {2, 9},
           "is not a kind of selector",
           "without a value"},
          {EntryWith("pins = [\"unix:uid \"]"),
           {2, 9},
           "which no attestor here makes",
           "\"unix:uid\"?"},
      },
      Severity::kError);
}

TEST(EntrySelectorsTest, EntryHasAtMost64Pins) {
  std::string many = "pins = [";
  for (int i = 0; i < 65; ++i) many += "\"cgroup:k" + std::to_string(i) + "\",";
  ExpectEach({{EntryWith(many + "]"), {2, 8}, "pins has 65 elements", "at most 64"}},
             Severity::kError);
}

TEST(EntrySelectorsTest, PinsMayNameATypeAndKindsOfATypeWithoutKnownOnes) {
  Diagnostics diagnostics;
  const auto entries =
      ParseEntriesFile(EntryWith("pins = [\"unix\", \"cgroup:anything\"]"), diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "");
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].entry.pins, (std::vector<std::string>{"cgroup:anything", "unix"}));
}

}  // namespace
}  // namespace surety
