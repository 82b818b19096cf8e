#include "agent/issuance/crl_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fakes/failing_disk.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using testing::HasSubstr;

DiskWrites& Disk() {
  static DiskWrites disk;
  return disk;
}

mode_t ModeOf(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(::lstat(path.c_str(), &found), 0) << path;
  return found.st_mode;
}

std::string WhyNot(const std::string& path) {
  const auto written = WriteCrlFile(path, "text", Disk());
  EXPECT_FALSE(written);
  return written ? "it was written" : written.error().Text();
}

TEST(CrlFile, IsReadableByAllWhateverTheUmask) {
  const TempFolder temp;
  const mode_t before = ::umask(0077);
  const auto written = WriteCrlFile(temp.Path("crl.pem"), "text", Disk());
  ::umask(before);
  ASSERT_TRUE(written) << written.error().Text();
  EXPECT_EQ(ReadText(temp.Path("crl.pem")), "text");
  EXPECT_EQ(ModeOf(temp.Path("crl.pem")) & 0777U, 0644U);
}

TEST(CrlFile, ReplacesAFileALinkAndWhatAKilledDaemonLeft) {
  const TempFolder temp;
  temp.Write("elsewhere", "untouched");
  ASSERT_EQ(::symlink(temp.Path("elsewhere").c_str(), temp.Path("crl.pem").c_str()), 0);
  temp.Write(".crl.pem.tmp", "ha");
  ASSERT_TRUE(WriteCrlFile(temp.Path("crl.pem"), "one", Disk()));
  EXPECT_TRUE(S_ISREG(ModeOf(temp.Path("crl.pem"))));
  ASSERT_TRUE(WriteCrlFile(temp.Path("crl.pem"), "two", Disk()));
  EXPECT_EQ(ReadText(temp.Path("crl.pem")), "two");
  EXPECT_EQ(ReadText(temp.Path("elsewhere")), "untouched");
  EXPECT_TRUE(NamesIn(temp.path(), ".tmp").empty());
}

TEST(CrlFile, FolderThatOthersCanWriteToIsRefused) {
  const TempFolder temp;
  for (const mode_t mode : {0770U, 0707U, 01777U}) {
    ASSERT_EQ(::chmod(temp.path().c_str(), mode), 0);
    EXPECT_THAT(WhyNot(temp.Path("crl.pem")), HasSubstr("chmod go-w"));
  }
  ASSERT_EQ(::chmod(temp.path().c_str(), 0755), 0);
  EXPECT_TRUE(WriteCrlFile(temp.Path("crl.pem"), "text", Disk()));
}

TEST(CrlFile, FolderOfSomeoneElseIsRefused) {
  ASSERT_EQ(::geteuid(), 0U) << "this test makes folders of other users: run it as root";
  const TempFolder temp;
  ASSERT_EQ(::mkdir(temp.Path("theirs").c_str(), 0755), 0);
  ASSERT_EQ(::chown(temp.Path("theirs").c_str(), 1001, 1001), 0);
  EXPECT_THAT(WhyNot(temp.Path("theirs/crl.pem")), HasSubstr("uid 1001"));
  EXPECT_TRUE(NamesIn(temp.Path("theirs"), "").empty());
}

TEST(CrlFile, FolderThatIsMissingALinkOrNoneIsNamed) {
  const TempFolder temp;
  temp.Write("file", "");
  ASSERT_EQ(::mkdir(temp.Path("real").c_str(), 0755), 0);
  ASSERT_EQ(::symlink(temp.Path("real").c_str(), temp.Path("link").c_str()), 0);
  for (const std::string folder : {"missing", "file", "link"}) {
    const std::string path = temp.Path(folder + "/crl.pem");
    EXPECT_THAT(WhyNot(path), HasSubstr("writing the CRL file " + path));
  }
}

TEST(CrlFile, FolderInTheWayIsLeftAlone) {
  const TempFolder temp;
  ASSERT_EQ(::mkdir(temp.Path("crl.pem").c_str(), 0755), 0);
  EXPECT_THAT(WhyNot(temp.Path("crl.pem")), HasSubstr("crl.pem"));
  EXPECT_TRUE(NamesIn(temp.path(), ".tmp").empty());
}

TEST(CrlFile, IsTheOldOneOrTheNewOneWhateverFails) {
  const TempFolder temp;
  for (int at = 1; at <= 7; ++at) {
    ASSERT_TRUE(WriteCrlFile(temp.Path("crl.pem"), "old", Disk()));
    FailingDisk disk(at, FailingDisk::Fault::kFail);
    const bool written{WriteCrlFile(temp.Path("crl.pem"), "new", disk)};
    EXPECT_EQ(written, at == 7);
    EXPECT_EQ(ReadText(temp.Path("crl.pem")), at < 6 ? "old" : "new") << at;
    EXPECT_TRUE(NamesIn(temp.path(), ".tmp").empty()) << at;
  }
}

}  // namespace
}  // namespace surety
