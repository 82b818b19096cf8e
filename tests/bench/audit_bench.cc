// What one record costs: building it, and with hash and write.

#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

#include "agent/record/audit_body.h"
#include "agent/record/audit_file.h"
#include "tests/fakes/made_event.h"

namespace surety {
namespace {

// As large as what the daemon's policy is asked of an ordinary process.
std::string UsualFacts() {
  std::string facts = R"({"action":"rotate","selectors":[)";
  for (int i = 0; i < 30; ++i)
    facts +=
        (i == 0 ? "" : ",") + ("\"unix:supplementary_gid:" + std::to_string(10'000 + i) + "\"");
  return facts + R"(],"risk":{"score":0.5},"velocity":{"svids":3,"streams":1}})";
}

MadeEvent UsualEvent() {
  MadeEvent made = FirstIssue();
  made.pinned = true;
  made.action = Action::kRotate;
  made.entries.front().decision.facts = UsualFacts();
  return made;
}

class Folder {
 public:
  Folder() {
    std::string pattern = "/tmp/surety-audit-bench-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void BodyAlone(benchmark::State& state) {
  const MadeEvent made = UsualEvent();
  std::size_t bytes = 0;
  for (auto _ : state) {
    const auto body = DecisionBody(made.event(), "11111111-2222-3333-4444-555555555555");
    bytes = body->size();
    benchmark::DoNotOptimize(bytes);
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}

struct OpenLog {
  OpenLog() {
    AuditFileOptions options;
    options.folder = folder.path();
    auto opened = AuditFile::Open(options, MadeEvent().at, disk);
    if (!opened) {
      std::cerr << opened.error().Text() << '\n';
      std::abort();
    }
    log = *std::move(opened);
  }
  const Folder folder;
  AuditDisk disk;
  std::unique_ptr<AuditFile> log;
};

void WriteRecord(benchmark::State& state) {
  static OpenLog* open = nullptr;
  static std::unique_ptr<OpenLog> owner;
  if (state.thread_index() == 0) {
    owner = std::make_unique<OpenLog>();
    open = owner.get();
  }
  const MadeEvent made = UsualEvent();
  for (auto _ : state) {
    if (!open->log->Write(made.event())) state.SkipWithError("not written");
  }
  if (state.thread_index() == 0) owner.reset();
}

BENCHMARK(BodyAlone)->Unit(benchmark::kMicrosecond);
BENCHMARK(WriteRecord)->Unit(benchmark::kMicrosecond);
BENCHMARK(WriteRecord)->Name("WriteRecordOnFourThreads")->Threads(4)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace surety

BENCHMARK_MAIN();
