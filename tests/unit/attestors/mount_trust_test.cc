#include "attestors/mount_trust.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "attestors/file_identity.h"
#include "tests/fakes/fake_process.h"

namespace surety {
namespace {

class MountTrustTest : public ::testing::Test {
 protected:
  MountTrustTest() { host_.mount_owners.push_back(host_process_); }

  [[nodiscard]] std::string Line(const std::string& type) const {
    const auto facts = LookAtFile(exe_.get(), MountIdKind::kListed);
    return std::to_string(facts->mount_id.value_or(0)) + " 1 8:1 / / rw shared:1 - " + type +
           " dev rw\n";
  }
  // `unique` as on an older kernel, unless given: nothing is remembered.
  Result<bool> Ask(bool on_host, std::optional<std::uint64_t> unique = std::nullopt) {
    return trust_.Trusts(*process_, exe_.get(), unique, on_host);
  }

  const UniqueFd exe_{::open("/proc/self/exe", O_PATH | O_CLOEXEC)};
  const std::shared_ptr<FakeProcess> host_process_ = std::make_shared<FakeProcess>();
  const std::shared_ptr<FakeProcess> process_ = std::make_shared<FakeProcess>();
  HostView host_;
  MountTrust trust_{host_};
};

TEST_F(MountTrustTest, MountOfTheHostIsTrustedWhoeverRunsTheFile) {
  host_process_->SetFile("mountinfo", Line("ext4"));
  EXPECT_TRUE(*Ask(true));
  EXPECT_TRUE(*Ask(false));
}

TEST_F(MountTrustTest, FuseIsNotTrustedWhoeverMountedIt) {
  for (const char* type : {"fuse", "fuse.sshfs", "fuseblk", "fuseblk.ntfs"}) {
    host_process_->SetFile("mountinfo", Line(type));
    EXPECT_FALSE(*Ask(true)) << type;
  }
  host_process_->SetFile("mountinfo", std::string());
  process_->SetFile("mountinfo", Line("fuse"));
  EXPECT_FALSE(*Ask(true));
}

TEST_F(MountTrustTest, MountOfAContainerIsTrustedOnlyIfRootMadeIt) {
  host_process_->SetFile("mountinfo", std::string());
  process_->SetFile("mountinfo", Line("overlay"));
  EXPECT_TRUE(*Ask(true));
  EXPECT_FALSE(*Ask(false));
}

TEST_F(MountTrustTest, FileFromAMountThatNeitherHasIsNotTrusted) {
  host_process_->SetFile("mountinfo", std::string());
  process_->SetFile("mountinfo", std::string());
  EXPECT_FALSE(*Ask(true));
}

TEST_F(MountTrustTest, TableWithoutAnEndIsTheWorkloadsOwnDoing) {
  process_->SetFile("mountinfo", Error(ErrorCode::kResourceExhausted, "too long"));
  EXPECT_FALSE(*Ask(true));
}

TEST_F(MountTrustTest, UnreadableTableIsNotKnown) {
  process_->SetFile("mountinfo", Error(ErrorCode::kPermissionDenied, "no"));
  EXPECT_EQ(Ask(true).error().code(), ErrorCode::kPermissionDenied);
  process_->Exit();
  EXPECT_EQ(Ask(true).error().code(), ErrorCode::kPeerGone);
}

TEST_F(MountTrustTest, RemembersTrustByUniqueIdAndNeverDistrust) {
  process_->SetFile("mountinfo", std::string());
  EXPECT_FALSE(*Ask(true, 5));
  process_->SetFile("mountinfo", Line("overlay"));
  EXPECT_TRUE(*Ask(true, 5));
  process_->SetFile("mountinfo", std::string());
  EXPECT_TRUE(*Ask(false, 5));
  EXPECT_FALSE(*Ask(true, 6));
}

}  // namespace
}  // namespace surety
