#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "attestors/boot_now.h"
#include "attestors/builtin.h"
#include "surety/attestor.h"
#include "tests/fakes/fake_process.h"

namespace surety {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

class Scripted final : public Attestor {
 public:
  using Script = std::function<Result<Attestation>()>;
  Scripted(std::string name, Script script) : name_(std::move(name)), script_(std::move(script)) {}
  [[nodiscard]] std::string_view name() const override { return name_; }
  Result<Attestation> Attest(const Peer& /*peer*/, BootTime /*deadline*/) const override {
    return script_();
  }

 private:
  const std::string name_;
  const Script script_;
};

class AttestAllTest : public ::testing::Test {
 protected:
  void Add(const std::string& name, Scripted::Script script) {
    attestors_.push_back(std::make_unique<Scripted>(name, std::move(script)));
  }
  void AddGiving(const std::string& name) {
    Add(name, [name] { return Attestation{{{name, "x"}}, {}}; });
  }
  Result<Attestation> Ask(BootTime deadline = BootNow() + seconds(10)) {
    return AttestAll(attestors_, PeerOf(process_), deadline);
  }
  const std::shared_ptr<FakeProcess> process_ = std::make_shared<FakeProcess>();
  std::vector<std::unique_ptr<Attestor>> attestors_;
};

TEST_F(AttestAllTest, JoinsWhatAllSay) {
  AddGiving("b");
  Add("c", [] { return Attestation{{}, {{"c:x", Error(ErrorCode::kUnavailable, "later")}}}; });
  AddGiving("a");
  const auto all = Ask();
  ASSERT_TRUE(all);
  EXPECT_EQ(all->selectors, (SelectorSet{{"a", "x"}, {"b", "x"}}));
  ASSERT_EQ(all->missing.size(), 1U);
  EXPECT_EQ(all->missing.front().kind, "c:x");
}

TEST_F(AttestAllTest, ExecutableIsThatOfWhoeverKnowsIt) {
  Add("a", [] { return Attestation{{}, {}, ExecutableFile{1, 2}}; });
  AddGiving("b");
  EXPECT_EQ(Ask()->executable, (ExecutableFile{1, 2}));
}

TEST_F(AttestAllTest, GonePeerWinsOverEverythingElse) {
  AddGiving("a");
  Add("b", []() -> Result<Attestation> { return Error(ErrorCode::kPeerGone, "gone"); });
  Add("c", []() -> Result<Attestation> {
    ADD_FAILURE() << "asked about a process that is gone";
    return Attestation{};
  });
  EXPECT_EQ(Ask().error().code(), ErrorCode::kPeerGone);
}

TEST_F(AttestAllTest, LifeIsAskedForAfterTheLastRead) {
  AddGiving("a");
  Add("b", [this] {
    process_->Exit();
    return Attestation{};
  });
  EXPECT_EQ(Ask().error().code(), ErrorCode::kPeerGone);
}

TEST_F(AttestAllTest, OtherErrorIsAMissingFactAndNotSilence) {
  Add("b", []() -> Result<Attestation> { return Error(ErrorCode::kInternal, "bug"); });
  const auto all = Ask();
  ASSERT_TRUE(all);
  ASSERT_EQ(all->missing.size(), 1U);
  EXPECT_EQ(all->missing.front().kind, "b");
}

TEST_F(AttestAllTest, AfterTheDeadlineTheRestIsMissing) {
  AddGiving("a");
  AddGiving("b");
  const auto all = Ask(BootNow());
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->selectors.empty());
  ASSERT_EQ(all->missing.size(), 2U);
  EXPECT_EQ(all->missing.back().kind, "b");
  EXPECT_EQ(all->missing.back().why.code(), ErrorCode::kDeadline);
}

TEST(BuiltinAttestors, NamesAreUnique) {
  std::vector<std::string> names;
  AttestorOptions options;
  options.systemd = true;
  for (const auto& attestor : BuiltinAttestors(options)) names.emplace_back(attestor->name());
  EXPECT_THAT(names, ElementsAre("unix", "cgroup", "systemd"));
}

}  // namespace
}  // namespace surety
