#include "agent/command/attest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <toml++/toml.h>

#include <deque>
#include <nlohmann/json.hpp>
#include <sstream>

#include "agent/command/entry_template.h"
#include "agent/watch/system_clock.h"
#include "tests/fakes/fake_process.h"
#include "tests/fakes/fake_waiter.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// Answers one after another; the last one for good.
class SequencedAttestor final : public Attestor {
 public:
  [[nodiscard]] std::string_view name() const override { return "unix"; }
  Result<Attestation> Attest(const Peer& peer, BootTime /*deadline*/) const override {
    ++calls;
    seen_uid = peer.uid;
    if (answers.size() == 1) return answers.front();
    Attestation answer = answers.front();
    answers.pop_front();
    return answer;
  }
  mutable std::deque<Attestation> answers;
  mutable int calls = 0;
  mutable uid_t seen_uid = 0;
};

class OneProcess final : public ProcessOpener {
 public:
  Result<std::shared_ptr<const ProcessHandle>> Open(pid_t pid, UniqueFd /*pidfd*/) override {
    return OpenByPid(pid);
  }
  Result<std::shared_ptr<const ProcessHandle>> OpenByPid(pid_t pid) override {
    if (pid != process->key().pid) return Error(ErrorCode::kPeerGone, "gone");
    return std::shared_ptr<const ProcessHandle>(process);
  }
  std::shared_ptr<FakeProcess> process = std::make_shared<FakeProcess>();
};

class AttestCommand : public ::testing::Test {
 protected:
  AttestCommand() {
    auto made = std::make_unique<SequencedAttestor>();
    attestor = made.get();
    attestors.push_back(std::move(made));
    processes.process->SetFile(
        "status", std::string("Name:\tweb\nTracerPid:\t0\nUid:\t1001\t1001\t1001\t1001\n"
                              "Gid:\t1002\t1002\t1002\t1002\nGroups:\t\n"
                              "CapEff:\t0000000000000000\nNoNewPrivs:\t0\n"));
    flags.pid = processes.process->key().pid;
  }
  Result<void> Run() { return Attest(flags, {processes, attestors, clock, waiter}, out); }

  AttestFlags flags;
  OneProcess processes;
  std::vector<std::unique_ptr<Attestor>> attestors;
  SequencedAttestor* attestor = nullptr;
  // AttestAll compares deadlines with the machine's own clock.
  FakeClock clock{WallTime(), SystemClock().Now().boot};
  FakeWaiter waiter{clock};
  std::ostringstream out;
};

MissingFact Hashing() {
  return {"unix:sha256", Error(ErrorCode::kUnavailable, "hashing the executable: not done yet")};
}

Attestation Complete() {
  return {.selectors = {{"unix", "uid:1001"},
                        {"unix", "path:/usr/bin/web"},
                        {"unix", "sha256:abcd"},
                        {"unix", "ns:mnt:1"},
                        {"unix", "ns:pid:2"},
                        {"cgroup", "path:/web"}},
          .missing = {}};
}

TEST_F(AttestCommand, ShowsAnEntryToPasteWithEverySelector) {
  attestor->answers = {Complete()};
  const auto done = Run();
  ASSERT_TRUE(done) << done.error().Text();
  EXPECT_EQ(out.str(), R"(# Process 4711, uid 1001, gid 1002
[[entry]]
# Put your trust domain and the workload's own name here.
spiffe_id = "spiffe://example.org/web"
selectors = [
  "unix:uid:1001",
  "unix:path:/usr/bin/web",
  # "unix:sha256:abcd",  # this very build of the executable
  # "cgroup:path:/web",
  # "unix:ns:mnt:1",
  # "unix:ns:pid:2",
]
)");
  EXPECT_EQ(attestor->seen_uid, 1001U);
}

TEST_F(AttestCommand, ShowsTheSameAsJson) {
  attestor->answers = {Complete()};
  flags.output = OutputFormat::kJson;
  ASSERT_TRUE(Run());
  const auto document = nlohmann::json::parse(out.str());
  EXPECT_EQ(document["pid"], 4711);
  EXPECT_EQ(document["uid"], 1001);
  EXPECT_EQ(document["gid"], 1002);
  EXPECT_EQ(document["complete"], true);
  EXPECT_EQ(document["selectors"].size(), 6U);
  EXPECT_EQ(document["missing"].size(), 0U);
  EXPECT_THAT(document["entry_toml"].get<std::string>(), HasSubstr("[[entry]]"));
}

TEST_F(AttestCommand, WaitsForWhatIsWorkedOut) {
  attestor->answers = {{.selectors = {}, .missing = {Hashing()}},
                       {.selectors = {}, .missing = {Hashing()}},
                       Complete()};
  ASSERT_TRUE(Run());
  EXPECT_EQ(attestor->calls, 3);
  EXPECT_THAT(out.str(), HasSubstr("unix:sha256:abcd"));
  EXPECT_EQ(out.str().find("Could not"), std::string::npos);
}

TEST_F(AttestCommand, GivesUpAtTheTimeoutAndSaysWhatIsMissing) {
  attestor->answers = {{.selectors = {{"unix", "uid:1001"}}, .missing = {Hashing()}}};
  ASSERT_TRUE(Run());
  EXPECT_EQ(waiter.waited.size(), 50U);
  EXPECT_THAT(out.str(), HasSubstr("# Could not be looked at:\n"
                                   "#   unix:sha256: hashing the executable: not done yet\n"));
}

const Error kDenied(ErrorCode::kPermissionDenied, "exe may not be read");

TEST_F(AttestCommand, DoesNotWaitForWhatItMayNotSee) {
  attestor->answers = {{.selectors = {}, .missing = {{"unix:path", kDenied}}}};
  ASSERT_TRUE(Run());
  EXPECT_EQ(attestor->calls, 1);
  EXPECT_EQ(out.str(), R"(# Process 4711, uid 1001, gid 1002
# Could not be looked at:
#   unix:path: exe may not be read
# Run this as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH.
[[entry]]
# Put your trust domain and the workload's own name here.
spiffe_id = "spiffe://example.org/workload"
selectors = [
]
)");
}

TEST_F(AttestCommand, WaitsShortlyForTheRestOfWhatItMayNotSee) {
  attestor->answers = {{.selectors = {}, .missing = {{"unix:path", kDenied}, Hashing()}}};
  ASSERT_TRUE(Run());
  EXPECT_EQ(waiter.waited.size(), 5U);
}

TEST_F(AttestCommand, TextIsTomlWhateverTheWorkloadChose) {
  attestor->answers = {
      {.selectors = {{"unix", "uid:0"}, {"unix", "path:/a\n]"}},
       .missing = {{"unix:lsm\n]", Error(ErrorCode::kPermissionDenied, "a\n]\n[[entry]]")}}}};
  ASSERT_TRUE(Run());
  const auto table = toml::parse(out.str());
  EXPECT_EQ(table["entry"].as_array()->size(), 1U);
  EXPECT_EQ(table["entry"][0]["selectors"].as_array()->size(), 1U);
}

TEST_F(AttestCommand, AProcessThatIsNotThereIsAnError) {
  flags.pid = 1;
  const auto done = Run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().Text(), "there is no process 1");
  EXPECT_EQ(out.str(), "");
}

std::vector<std::string> ActiveSelectors(const std::string& entry) {
  const auto table = toml::parse(entry);
  std::vector<std::string> active;
  for (const auto& item : *table["entry"][0]["selectors"].as_array())
    active.push_back(item.value_or(std::string("not a string")));
  return active;
}

TEST(EntryTemplate, KeepsHostileTextInsideItsString) {
  const std::string path = R"(unix:path:/tmp/\x0a"]\x0a[[entry]]\x0aspiffe_id = "x"#)";
  Attestation seen{.selectors = {*Selector::Parse(path), {"unix", "uid:0"}}, .missing = {}};
  EXPECT_THAT(ActiveSelectors(EntryTemplate(seen)), ElementsAre("unix:uid:0", path));
}

TEST(EntryTemplate, LeavesOutWhatNoTomlStringHolds) {
  for (const std::string value : {"path:/tmp/\n]\n[[entry]]", "path:/\xff", "lsm:\x1b[2J"}) {
    Attestation seen{.selectors = {{"unix", value}, {"unix", "uid:0"}}, .missing = {}};
    EXPECT_THAT(ActiveSelectors(EntryTemplate(seen)), ElementsAre("unix:uid:0")) << value;
  }
}

TEST(EntryTemplate, NamesTheWorkloadByWhatAPathSegmentMayHold) {
  const auto id_of = [](const std::string& path) {
    const Attestation seen{.selectors = {{"unix", "path:" + path}}, .missing = {}};
    const auto table = toml::parse(EntryTemplate(seen));
    return table["entry"][0]["spiffe_id"].value_or(std::string());
  };
  EXPECT_EQ(id_of("/usr/bin/web-1.2_x"), "spiffe://example.org/web-1.2_x");
  EXPECT_EQ(id_of("/usr/bin/[we b]"), "spiffe://example.org/web");
  EXPECT_EQ(id_of("/usr/bin/.."), "spiffe://example.org/workload");
  EXPECT_EQ(id_of("/usr/bin/???"), "spiffe://example.org/workload");
}

}  // namespace
}  // namespace surety
