#include "agent/command/svid_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "tests/unit/command/made_identity.h"
#include "tests/unit/command/scratch_folder.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

CheckedUpdate Checked(WorkloadUpdate update = UpdateOf()) {
  auto checked = CheckUpdate(std::move(update));
  EXPECT_TRUE(checked) << checked.error().Text();
  return *std::move(checked);
}

CheckedUpdate WithSecondIdAndFederation() {
  WorkloadUpdate update = UpdateOf();
  const std::string second = "spiffe://example.org/second";
  update.svids.push_back(DeliveredOf(MakeIdentity({.spiffe_id = second}), second));
  update.federated_bundles["spiffe://other.org"] =
      MakeIdentity({.serial = 1}).certificate_der + MakeIdentity({.serial = 2}).certificate_der;
  return Checked(std::move(update));
}

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(folder))
    names.push_back(file.path().filename());
  return names;
}

void WriteText(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

TEST(SvidFiles, MakeTheFolderAndKeepKeysToTheOwner) {
  const ScratchFolder scratch;
  ::umask(0);
  const auto files = WriteSvidFiles(Checked(), scratch / "new");
  ASSERT_TRUE(files) << files.error().Text();
  EXPECT_THAT(files->written, UnorderedElementsAre("svid.pem", "svid.key", "bundle.pem"));
  EXPECT_THAT(NamesIn(scratch / "new"), UnorderedElementsAre("svid.pem", "svid.key", "bundle.pem"));
  EXPECT_EQ(ModeOf(scratch / "new"), 0700U);
  EXPECT_EQ(ModeOf(scratch / "new/svid.key"), 0600U);
  EXPECT_EQ(ModeOf(scratch / "new/svid.pem"), 0644U);
  EXPECT_EQ(ModeOf(scratch / "new/bundle.pem"), 0644U);
  EXPECT_THAT(ReadAll(scratch / "new/svid.key"), StartsWith("-----BEGIN PRIVATE KEY-----\n"));
  EXPECT_THAT(ReadAll(scratch / "new/svid.pem"), StartsWith("-----BEGIN CERTIFICATE-----\n"));
}

TEST(SvidFiles, FurtherIdentitiesAreNumberedAndFederatedBundlesNamed) {
  const ScratchFolder scratch;
  const auto files = WriteSvidFiles(WithSecondIdAndFederation(), scratch.path());
  ASSERT_TRUE(files) << files.error().Text();
  EXPECT_THAT(NamesIn(scratch.path()),
              UnorderedElementsAre("svid.pem", "svid.key", "bundle.pem", "svid.1.pem", "svid.1.key",
                                   "bundle.1.pem", "federated.other.org.pem"));
  EXPECT_EQ(ModeOf(scratch / "svid.1.key"), 0600U);
  const std::string federated = ReadAll(scratch / "federated.other.org.pem");
  EXPECT_NE(federated.find("BEGIN CERT"), federated.rfind("BEGIN CERT"));
}

TEST(SvidFiles, WhatIsWithdrawnIsRemovedAndNothingElse) {
  const ScratchFolder scratch;
  ASSERT_TRUE(WriteSvidFiles(WithSecondIdAndFederation(), scratch.path()));
  const std::vector<std::string> others{"svid.0.key",      "svid.x.key",    "svid.1.key.bak",
                                        "svid.01.pem",     "federated.pem", "svid..pem",
                                        "federated.A.pem", "notes.txt"};
  for (const std::string& other : others) WriteText(scratch / other, "mine");
  const auto files = WriteSvidFiles(Checked(), scratch.path());
  ASSERT_TRUE(files) << files.error().Text();
  EXPECT_THAT(files->removed,
              ElementsAre("bundle.1.pem", "federated.other.org.pem", "svid.1.key", "svid.1.pem"));
  for (const std::string& other : others) EXPECT_EQ(ReadAll(scratch / other), "mine") << other;
  EXPECT_EQ(NamesIn(scratch.path()).size(), others.size() + 3);
}

TEST(SvidFiles, ASymbolicLinkIsReplacedAndNotFollowed) {
  const ScratchFolder scratch;
  WriteText(scratch / "victim", "untouched");
  ASSERT_EQ(::symlink("victim", (scratch / "svid.key").c_str()), 0);
  ASSERT_TRUE(WriteSvidFiles(Checked(), scratch.path()));
  EXPECT_EQ(ReadAll(scratch / "victim"), "untouched");
  EXPECT_FALSE(std::filesystem::is_symlink(scratch / "svid.key"));
}

TEST(SvidFiles, AnOldKeysWideModeIsNotInherited) {
  const ScratchFolder scratch;
  WriteText(scratch / "svid.key", "old");
  ASSERT_EQ(::chmod((scratch / "svid.key").c_str(), 0666), 0);
  ASSERT_TRUE(WriteSvidFiles(Checked(), scratch.path()));
  EXPECT_EQ(ModeOf(scratch / "svid.key"), 0600U);
}

TEST(SvidFiles, AFolderThatAllMayWriteInIsRefusedUnlessSticky) {
  const ScratchFolder scratch;
  ASSERT_EQ(::chmod(scratch.path().c_str(), 0777), 0);
  const auto refused = WriteSvidFiles(Checked(), scratch.path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kPermissionDenied);
  EXPECT_THAT(refused.error().Text(), HasSubstr("chmod o-w"));
  EXPECT_THAT(NamesIn(scratch.path()), IsEmpty());

  ASSERT_EQ(::chmod(scratch.path().c_str(), 01777), 0);
  EXPECT_TRUE(WriteSvidFiles(Checked(), scratch.path()));
}

TEST(SvidFiles, AMissingParentAndAFileInThePlaceAreNamed) {
  const ScratchFolder scratch;
  const auto no_parent = WriteSvidFiles(Checked(), scratch / "a/b");
  ASSERT_FALSE(no_parent);
  EXPECT_EQ(no_parent.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(no_parent.error().Text(), HasSubstr(scratch / "a/b"));

  WriteText(scratch / "file", "");
  const auto no_folder = WriteSvidFiles(Checked(), scratch / "file");
  ASSERT_FALSE(no_folder);
  EXPECT_EQ(no_folder.error().code(), ErrorCode::kInvalidArgument);
}

// A limit on the size of files stands in for a full disk: the first two files
// fit, the third does not.
TEST(SvidFiles, AFailedWriteLeavesTheOldFilesAndNothingBeside) {
  const ScratchFolder scratch;
  ASSERT_TRUE(WriteSvidFiles(Checked(), scratch.path()));
  const std::string old_key = ReadAll(scratch / "svid.key");
  WorkloadUpdate large = UpdateOf();
  for (int i = 0; i < 20; ++i) large.svids[0].bundle_der += MakeIdentity().certificate_der;

  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{.rlim_cur = 4096, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto files = WriteSvidFiles(Checked(std::move(large)), scratch.path());
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);

  ASSERT_FALSE(files);
  EXPECT_THAT(files.error().Text(), HasSubstr("bundle.pem"));
  EXPECT_EQ(ReadAll(scratch / "svid.key"), old_key);
  EXPECT_THAT(NamesIn(scratch.path()), UnorderedElementsAre("svid.pem", "svid.key", "bundle.pem"));
}

}  // namespace
}  // namespace surety
