#include "attestors/unix_attestor.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>

#include "attestors/boot_now.h"
#include "attestors/linux_process.h"
#include "tests/fakes/fake_process.h"
#include "tests/unit/attestors/child_process.h"

namespace surety {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using testing::CopySleep;
using ::testing::Each;
using testing::Eventually;
using testing::Folder;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::string StatusText(const std::string& groups, const std::string& caps = "0", pid_t tracer = 0) {
  return "Name:\tweb\nTracerPid:\t" + std::to_string(tracer) +
         "\nUid:\t1000\t1001\t1000\t1000\nGid:\t2000\t2001\t2000\t2000\n"
         "Groups:\t" +
         groups + "\nCapEff:\t" + caps + "\nNoNewPrivs:\t0\n";
}

class UnixAttestorTest : public ::testing::Test {
 protected:
  UnixAttestorTest() {
    for (std::size_t i = 0; i < kNamespaceNames.size(); ++i)
      SetNamespace(static_cast<NamespaceKind>(i), 100 + i);
    process_->SetFile("status", StatusText("24 2001 "));
    process_->SetFile("mountinfo", std::string());
    process_->SetFile("auxv", std::string("addresses"));
    process_->SetFile("environ", std::string("PATH=/bin\0", 10));
    EXPECT_TRUE(CopySleep(exe_));
    process_->SetExecutable(exe_);
    options_.accounts = {[](uid_t uid) -> Result<AccountNames::Name> {
                           return uid == 1001 ? AccountNames::Name("web") : std::nullopt;
                         },
                         [](gid_t gid) -> Result<AccountNames::Name> {
                           return gid == 24 ? AccountNames::Name("cd\nrom") : std::nullopt;
                         }};
    const auto opener = MakeLinuxProcessOpener();
    host_ = SeeHost(*opener);
    host_.namespaces = {};
    host_.has_labels = true;
    for (std::size_t i = 0; i < kNamespaceNames.size(); ++i)
      host_.namespaces.Set(static_cast<NamespaceKind>(i), 100 + i);
  }

  void SetNamespace(NamespaceKind kind, std::uint64_t inode) {
    const std::string name(kNamespaceNames.at(static_cast<std::size_t>(kind)));
    process_->SetLink("ns/" + name, name + ":[" + std::to_string(inode) + "]");
  }
  const UnixAttestor& attestor() {
    if (!attestor_) attestor_.emplace(options_, host_);
    return *attestor_;
  }
  // Asks until nothing is pending.
  Attestation Look() {
    Attestation seen;
    Eventually([&] {
      auto got = attestor().Attest(PeerOf(process_, 1001), BootNow() + seconds(10));
      if (!got) {
        ADD_FAILURE() << got.error().Text();
        return true;
      }
      seen = *std::move(got);
      return std::none_of(seen.missing.begin(), seen.missing.end(), [](const MissingFact& fact) {
        return fact.why.code() == ErrorCode::kUnavailable;
      });
    });
    return seen;
  }
  std::vector<std::string> Values() {
    std::vector<std::string> out;
    const auto seen = Look();
    EXPECT_TRUE(seen.complete()) << seen.missing.front().kind << seen.missing.front().why.Text();
    for (const auto& selector : seen.selectors) out.push_back(selector.value);
    return out;
  }
  static std::vector<std::string> Kinds(const Attestation& seen) {
    std::vector<std::string> out;
    out.reserve(seen.missing.size());
    for (const auto& fact : seen.missing) out.push_back(fact.kind);
    return out;
  }

  const Folder folder_;
  const std::string exe_ = folder_.File("web");
  const std::shared_ptr<FakeProcess> process_ = std::make_shared<FakeProcess>();
  UnixAttestorOptions options_;
  HostView host_;
  std::optional<UnixAttestor> attestor_;
};

TEST_F(UnixAttestorTest, SpellsSelectorsAsSpireDoes) {
  EXPECT_THAT(Values(), AllOf(Contains("uid:1001"), Contains("user:web"), Contains("gid:2001"),
                              Contains("supplementary_gid:24"), Contains("supplementary_gid:2001"),
                              Contains("path:" + exe_), Contains(StartsWith("sha256:"))));
}

TEST_F(UnixAttestorTest, OrdinaryProcessHasNoneOfTheWarningMarks) {
  EXPECT_THAT(Values(), AllOf(Contains("pidns:host"), Contains("userns:host"),
                              Contains("container:none"), Each(Not(StartsWith("exe:"))),
                              Each(Not(StartsWith("claimed_"))), Each(Not(StartsWith("traced"))),
                              Each(Not(StartsWith("cap:"))), Not(Contains("no_new_privs"))));
}

TEST_F(UnixAttestorTest, NameIsEscapedAndMissingNameIsNoSelector) {
  EXPECT_THAT(Values(),
              AllOf(Contains("supplementary_group:cd\\x0arom"), Each(Not(StartsWith("group:")))));
}

TEST_F(UnixAttestorTest, NameServiceFailureIsMissingAndNotNo) {
  options_.accounts.user = [](uid_t) -> Result<AccountNames::Name> {
    return Error(ErrorCode::kPermissionDenied, "LDAP is down");
  };
  EXPECT_THAT(Kinds(Look()), ::testing::ElementsAre("unix:user"));
}

TEST_F(UnixAttestorTest, SpellsEveryCapabilityOnTheHost) {
  process_->SetFile("status", StatusText("", "0000020000001001"));
  EXPECT_THAT(Values(),
              AllOf(Contains("cap:chown"), Contains("cap:net_admin"), Contains("cap:41")));
}

TEST_F(UnixAttestorTest, OtherUserNamespaceVouchesForNothing) {
  SetNamespace(NamespaceKind::kUser, 999);
  process_->SetFile("status", StatusText("", "1000"));
  EXPECT_THAT(Values(),
              AllOf(Contains("userns:other"), Contains("container:some"),
                    Contains("userns_cap:net_admin"), Contains("claimed_path:" + exe_),
                    Contains(StartsWith("claimed_sha256:")), Each(Not(StartsWith("path:"))),
                    Each(Not(StartsWith("sha256:"))), Each(Not(StartsWith("cap:")))));
}

TEST_F(UnixAttestorTest, ContainerIsToldByPidOrByMountAndCgroup) {
  SetNamespace(NamespaceKind::kMnt, 999);
  EXPECT_THAT(Values(), Contains("container:none"));
  SetNamespace(NamespaceKind::kCgroup, 998);
  EXPECT_THAT(Values(), Contains("container:some"));
  SetNamespace(NamespaceKind::kMnt, 100 + static_cast<std::size_t>(NamespaceKind::kMnt));
  EXPECT_THAT(Values(), Contains("container:none"));
  SetNamespace(NamespaceKind::kPid, 997);
  EXPECT_THAT(Values(), AllOf(Contains("container:some"), Contains("pidns:other")));
}

TEST_F(UnixAttestorTest, UnreadableNamespaceIsMissingWithAllThatHangsOnIt) {
  process_->SetLink("ns/user", Error(ErrorCode::kPermissionDenied, "no"));
  const auto seen = attestor().Attest(PeerOf(process_), BootNow() + seconds(10));
  ASSERT_TRUE(seen);
  EXPECT_THAT(Kinds(*seen), ::testing::IsSupersetOf({"unix:ns", "unix:userns", "unix:container",
                                                     "unix:path", "unix:sha256", "unix:cap"}));
  for (const auto& selector : seen->selectors)
    EXPECT_THAT(selector.value, Not(::testing::MatchesRegex("(claimed_)?(path|sha256):.*")));
}

TEST_F(UnixAttestorTest, KernelWithoutAKindOfNamespaceIsNotAFailure) {
  process_->SetLink("ns/time", Error(ErrorCode::kNotFound, "no such kind"));
  EXPECT_THAT(Values(), Each(Not(StartsWith("ns:time"))));
}

TEST_F(UnixAttestorTest, TracerIsToldByItsRealUid) {
  options_.real_uid_of = [](pid_t thread) -> Result<uid_t> {
    return static_cast<uid_t>(thread) + 1;
  };
  EXPECT_THAT(Values(), Each(Not(StartsWith("tracer_uid:"))));
  process_->SetFile("status", StatusText("", "0", 500));
  EXPECT_THAT(Values(), AllOf(Contains("traced:true"), Contains("tracer_uid:501")));
}

TEST_F(UnixAttestorTest, TracerThatLetGoIsToldForAsLongAsTheProcessLives) {
  const auto tracers = std::make_shared<TracerMemory>();
  options_.tracers = tracers;
  EXPECT_THAT(Values(), Each(Not(StartsWith("trace"))));
  tracers->Note(process_->key(), std::nullopt);
  EXPECT_THAT(Values(), AllOf(Contains("traced:true"), Each(Not(StartsWith("tracer_uid")))));
  tracers->Note(process_->key(), 501U);
  EXPECT_THAT(Values(), AllOf(Contains("traced:true"), Contains("tracer_uid:501")));
}

TEST_F(UnixAttestorTest, TracerThatCannotBeLookedAtIsMissing) {
  options_.real_uid_of = [](pid_t) -> Result<uid_t> {
    return Error(ErrorCode::kPermissionDenied, "no");
  };
  process_->SetFile("status", StatusText("", "0", 500));
  const auto seen = Look();
  EXPECT_THAT(Kinds(seen), ::testing::ElementsAre("unix:tracer_uid"));
  EXPECT_TRUE(seen.selectors.Contains({"unix", "traced:true"}));
}

TEST_F(UnixAttestorTest, LoadersVariablesAreNamed) {
  EXPECT_THAT(Values(), Each(Not(StartsWith("env:"))));
  process_->SetFile("auxv", std::string("others"));
  process_->SetFile("environ", std::string("LD_PRELOAD=/secret\0", 19));
  EXPECT_THAT(Values(),
              AllOf(Contains("env:LD_PRELOAD"), Each(Not(::testing::HasSubstr("secret")))));
}

TEST_F(UnixAttestorTest, ExecutableIsOnRecord) {
  const auto seen = Look();
  struct stat file {};
  ASSERT_EQ(::stat(exe_.c_str(), &file), 0);
  ASSERT_TRUE(seen.executable);
  EXPECT_EQ(*seen.executable, (ExecutableFile{file.st_dev, file.st_ino}));
  process_->SetExecutable(Error(ErrorCode::kPermissionDenied, "no"));
  EXPECT_FALSE(Look().executable);
}

TEST_F(UnixAttestorTest, ForgottenAnswersAreWorkedOutAnew) {
  std::atomic<int> asked = 0;
  options_.accounts.user = [&](uid_t) -> Result<AccountNames::Name> {
    return AccountNames::Name("web" + std::to_string(++asked));
  };
  options_.accounts.group = [&](gid_t) -> Result<AccountNames::Name> {
    return AccountNames::Name("group");
  };
  EXPECT_THAT(Values(), Contains("user:web1"));
  EXPECT_THAT(Values(), Contains("user:web1"));
  process_->SetFile("environ", std::string("LD_AUDIT=/x\0", 12));
  attestor().Forget(PeerOf(process_, 1001));
  EXPECT_THAT(Values(), AllOf(Contains("user:web2"), Contains("env:LD_AUDIT"),
                              Contains(StartsWith("sha256:"))));
  process_->Exit();
  attestor().Forget(PeerOf(process_, 1001));
}

TEST_F(UnixAttestorTest, LabelIsTrimmedAndEscaped) {
  process_->SetFile("attr/current", std::string("web_t:s0\x01\n\0", 11));
  EXPECT_THAT(Values(), Contains("lsm:web_t:s0\\x01"));
  process_->SetFile("attr/current", std::string("\n"));
  EXPECT_THAT(Values(), Each(Not(StartsWith("lsm:"))));
}

TEST_F(UnixAttestorTest, DeletedFileHasNoPath) {
  process_->SetExecutable(Error(ErrorCode::kNotFound, ""));
  const UniqueFd held(::open(exe_.c_str(), O_PATH | O_CLOEXEC));
  ::unlink(exe_.c_str());
  process_->SetExecutable("/proc/self/fd/" + std::to_string(held.get()));
  EXPECT_THAT(Values(), AllOf(Contains("exe:deleted"), Contains("claimed_path:" + exe_),
                              Contains(StartsWith("sha256:")), Each(Not(StartsWith("path:")))));
}

TEST_F(UnixAttestorTest, NameThatLooksDeletedIsAName) {
  const std::string odd = exe_ + " (deleted)";
  ASSERT_TRUE(CopySleep(odd));
  process_->SetExecutable(odd);
  EXPECT_THAT(Values(), AllOf(Contains("path:" + odd), Each(Not(StartsWith("exe:")))));
}

TEST_F(UnixAttestorTest, PathKeepsOddBytesReadable) {
  const std::string odd = folder_.File("a\nb\xff\\");
  ASSERT_TRUE(CopySleep(odd));
  process_->SetExecutable(odd);
  EXPECT_THAT(Values(), Contains("path:" + folder_.path() + "/a\\x0ab\\xff\\x5c"));
}

TEST_F(UnixAttestorTest, TooManyGroupsAreMissing) {
  options_.max_groups = 1;
  const auto seen = Look();
  EXPECT_THAT(Kinds(seen),
              ::testing::IsSupersetOf({"unix:supplementary_gid", "unix:supplementary_group"}));
  for (const auto& selector : seen.selectors)
    EXPECT_THAT(selector.value, Not(StartsWith("supplementary_")));
}

TEST_F(UnixAttestorTest, NeverMixesTwoExecutables) {
  const std::string other = folder_.File("other");
  ASSERT_TRUE(CopySleep(other));
  Look();
  // The process runs another program right after its status was read, once.
  process_->AfterRead([&, done = std::make_shared<bool>(false)](std::string_view name) {
    if (name != "status" || *done) return;
    *done = true;
    process_->SetExecutable(other);
    process_->SetFile("status", StatusText("7777"));
  });
  EXPECT_THAT(Values(),
              AllOf(Contains("path:" + other), Contains("supplementary_gid:7777"),
                    Not(Contains("path:" + exe_)), Not(Contains("supplementary_gid:24"))));
}

TEST_F(UnixAttestorTest, ExecutableThatNeverSettlesIsNotKnown) {
  const std::string other = folder_.File("other");
  ASSERT_TRUE(CopySleep(other));
  process_->AfterRead([&, flip = std::make_shared<bool>(false)](std::string_view name) {
    if (name == "status") process_->SetExecutable((*flip = !*flip) ? other : exe_);
  });
  const auto seen = attestor().Attest(PeerOf(process_), BootNow() + seconds(10));
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->selectors.empty());
  EXPECT_THAT(Kinds(*seen), ::testing::ElementsAre("unix"));
}

TEST_F(UnixAttestorTest, ExitBetweenAnyTwoReadsIsPeerGone) {
  Look();
  for (const char* last : {"status", "ns/cgroup", "ns/uts", "attr/current", "exe"}) {
    const auto process = std::make_shared<FakeProcess>();
    process->SetFile("status", StatusText(""));
    process->SetExecutable(exe_);
    process->AfterRead([&](std::string_view name) {
      if (name == last) process->Exit();
    });
    const auto seen = attestor().Attest(PeerOf(process), BootNow() + seconds(10));
    ASSERT_FALSE(seen) << last;
    EXPECT_EQ(seen.error().code(), ErrorCode::kPeerGone) << last;
    process->AfterRead({});
  }
}

TEST_F(UnixAttestorTest, UnreadableExecutableAndStatusAreMissing) {
  process_->SetExecutable(Error(ErrorCode::kPermissionDenied, "no"));
  process_->SetFile("status", std::string("Name:\tweb\n"));
  EXPECT_THAT(Kinds(Look()), ::testing::IsSupersetOf({"unix:path", "unix:sha256", "unix:exe",
                                                      "unix:uid", "unix:gid", "unix:user",
                                                      "unix:supplementary_gid", "unix:cap"}));
}

}  // namespace
}  // namespace surety
