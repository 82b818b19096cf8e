#include "agent/watch/status_digest.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace surety {
namespace {

constexpr std::string_view kStatus =
    "Name:\tbash\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t10\nPid:\t10\nPPid:\t9\n"
    "TracerPid:\t0\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nFDSize:\t64\nGroups:\t5 6 \n"
    "NStgid:\t10\nNSpid:\t10\nNSpgid:\t10\nNSsid:\t10\nVmPeak:\t 100 kB\nThreads:\t1\n"
    "SigQ:\t0/1\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000001\nCapEff:\t0\nCapBnd:\t0\n"
    "CapAmb:\t0\nNoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\nvoluntary_ctxt_switches:\t5\n";

std::string With(std::string_view line, std::string_view instead) {
  std::string text(kStatus);
  return text.replace(text.find(line), line.size(), instead);
}

TEST(StatusDigest, KeepsTheLinesByWhatTheyTell) {
  const auto digest = DigestOf(kStatus);
  EXPECT_EQ(digest.users, "Uid:\t1\t2\t3\t4\n");
  EXPECT_EQ(digest.groups, "Gid:\t5\t6\t7\t8\nGroups:\t5 6 \n");
  EXPECT_EQ(digest.tracer, "TracerPid:\t0\n");
  EXPECT_EQ(digest.session, "NSsid:\t10\n");
  EXPECT_EQ(digest.powers,
            "CapInh:\t0000000000000000\nCapPrm:\t0000000000000001\nCapEff:\t0\nCapBnd:\t0\n"
            "CapAmb:\t0\nNoNewPrivs:\t0\nSeccomp:\t0\n");
}

TEST(StatusDigest, IsTheSameWhileOnlyOtherLinesChange) {
  const auto digest = DigestOf(kStatus);
  EXPECT_EQ(DigestOf(With("VmPeak:\t 100 kB", "VmPeak:\t 900 kB")), digest);
  EXPECT_EQ(DigestOf(With("S (sleeping)", "R (running)")), digest);
  EXPECT_EQ(DigestOf(With("switches:\t5", "switches:\t6")), digest);
  EXPECT_EQ(DigestOf(With("PPid:\t9", "PPid:\t1")), digest);
}

TEST(StatusDigest, DiffersWhenOneOfItsLinesDoes) {
  const auto digest = DigestOf(kStatus);
  for (const std::string_view line :
       {"TracerPid:\t0", "Uid:\t1\t2\t3\t4", "Gid:\t5\t6\t7\t8", "Groups:\t5 6 ", "NSsid:\t10",
        "CapEff:\t0", "CapBnd:\t0", "CapAmb:\t0", "NoNewPrivs:\t0", "Seccomp:\t0"})
    EXPECT_NE(DigestOf(With(line, std::string(line) + "1")), digest) << line;
}

// The kernel writes "\n" of a name as two characters, so that no line begins there.
TEST(StatusDigest, ANameIsNoOtherLine) {
  EXPECT_EQ(DigestOf(With("Name:\tbash", "Name:\tx\\nUid:\t0")), DigestOf(kStatus));
}

TEST(StatusDigest, OfNothingIsEmpty) {
  EXPECT_EQ(DigestOf(""), StatusDigest{});
  EXPECT_EQ(DigestOf("Uid:").users, "Uid:\n");
}

TEST(StatusDigest, FindsEveryLineThatThisKernelWrites) {
  std::ifstream file("/proc/self/status");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto digest = DigestOf(text);
  for (const auto& part :
       {digest.users, digest.groups, digest.tracer, digest.session, digest.powers})
    EXPECT_FALSE(part.empty());
  EXPECT_EQ(std::count(digest.powers.begin(), digest.powers.end(), '\n'), 7);
}

}  // namespace
}  // namespace surety
