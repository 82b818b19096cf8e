#include "agent/command/drift_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace surety {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> Gained(const std::string& selector) {
  return DriftInWords({selector}, {});
}
std::vector<std::string> Lost(const std::string& selector) { return DriftInWords({}, {selector}); }

TEST(DriftWords, OneValueInsteadOfAnother) {
  EXPECT_THAT(DriftInWords({"unix:path:/bin/sleep"}, {"unix:path:/usr/bin/web"}),
              ElementsAre("It runs /bin/sleep instead of /usr/bin/web."));
  EXPECT_THAT(DriftInWords({"unix:uid:0"}, {"unix:uid:1000"}),
              ElementsAre("It became uid 0, it was uid 1000."));
  EXPECT_THAT(DriftInWords({"cgroup:path:/b"}, {"cgroup:path:/a"}),
              ElementsAre("It moved to the cgroup /b from /a."));
  EXPECT_THAT(DriftInWords({"systemd:id:b.service"}, {"systemd:id:a.service"}),
              ElementsAre("It is in the unit b.service, it was in a.service."));
  EXPECT_THAT(DriftInWords({"systemd:invocation_id:2"}, {"systemd:invocation_id:1"}),
              ElementsAre("Its unit was started again."));
  EXPECT_THAT(DriftInWords({"unix:ns:mnt:2"}, {"unix:ns:mnt:1"}),
              ElementsAre("It entered another namespace: mnt:2 instead of mnt:1."));
}

TEST(DriftWords, GainsAndLosses) {
  EXPECT_THAT(Gained("unix:cap:sys_admin"), ElementsAre("It gained the capability sys_admin."));
  EXPECT_THAT(Lost("unix:cap:sys_admin"), ElementsAre("It gave up the capability sys_admin."));
  EXPECT_THAT(Gained("unix:traced:true"), ElementsAre("A debugger or tracer is attached to it."));
  EXPECT_THAT(Gained("unix:no_new_privs"), ElementsAre("It can gain no privileges any more."));
  EXPECT_THAT(Gained("unix:exe:memfd"),
              ElementsAre("Its executable is a file without a name: memfd."));
}

TEST(DriftWords, SeveralOfAKindArePairedAndTheRestIsGainedOrLost) {
  EXPECT_THAT(DriftInWords({"unix:supplementary_gid:3", "unix:supplementary_gid:4"},
                           {"unix:supplementary_gid:1"}),
              ElementsAre("It is in group 3 instead of 1.", "It joined group 4."));
}

TEST(DriftWords, NamesFollowFromNumbersAndAreNotSaidTwice) {
  EXPECT_THAT(DriftInWords({"unix:user:root", "unix:uid:0"}, {"unix:user:web", "unix:uid:1"}),
              SizeIs(1));
}

TEST(DriftWords, WhatIsNotKnownIsSaidAsItIs) {
  EXPECT_THAT(DriftInWords({"docker:label:b"}, {"docker:label:a"}),
              ElementsAre("docker:label became b, it was a."));
  EXPECT_THAT(Gained("docker:image:x"), ElementsAre("docker:image gained x."));
  EXPECT_THAT(DriftInWords({"nonsense", ""}, {}), IsEmpty());
}

TEST(DriftWords, HostileTextIsEscapedAndNeverFilledIn) {
  EXPECT_THAT(Gained("unix:path:/\x1b[31m%l%g\n"), ElementsAre("It runs /\\x1b[31m%l%g\\x0a."));
}

TEST(DriftWords, ThereIsAnEnd) {
  std::vector<std::string> gained;
  for (int i = 0; i < 100; ++i) gained.push_back("unix:supplementary_gid:" + std::to_string(i));
  const auto sentences = DriftInWords(gained, {});
  ASSERT_THAT(sentences, SizeIs(16));
  EXPECT_EQ(sentences.back(), "And 85 more.");
}

}  // namespace
}  // namespace surety
