#include "attestors/environment_facts.h"

#include <algorithm>
#include <utility>

#include "attestors/boot_now.h"
#include "attestors/loader_variables.h"

namespace surety {
namespace {

constexpr std::size_t kMaxEnvironment = 128UL * 1024;
constexpr std::size_t kMaxAuxiliary = 4096;
constexpr std::size_t kRemembered = 4096;
constexpr std::string_view kUnread = "unread";

WorkerPool::Limits PoolLimits() {
  WorkerPool::Limits limits;
  limits.threads = 8;
  return limits;
}

// Names one address space of one process.
Result<std::string> QuestionOf(const ProcessHandle& process) {
  auto vector = process.ReadFile("auxv", kMaxAuxiliary);
  if (!vector) return vector.error();
  const auto key = process.key();
  return std::to_string(key.pid) + '.' + std::to_string(key.start_ticks) + ':' + *vector;
}

// Runs on a worker: hangs if the process wants it to.
Result<EnvironmentFacts::Variables> ReadVariables(const ProcessHandle& process,
                                                  const std::string& question) {
  const auto text = process.ReadFile("environ", kMaxEnvironment);
  if (!text && text.error().code() != ErrorCode::kResourceExhausted) return text.error();
  const auto still = QuestionOf(process);
  if (!still) return still.error();
  if (*still != question)
    return Error(ErrorCode::kUnavailable, "the process ran another program meanwhile");
  if (!text) return EnvironmentFacts::Variables{kUnread};
  return FindLoaderVariables(*text);
}

}  // namespace

EnvironmentFacts::EnvironmentFacts(Lookup::Now now)
    : lookup_("reading the environment", std::make_shared<WorkerPool>(PoolLimits()), LookupTimes{},
              kRemembered, std::move(now)) {}

Result<void> EnvironmentFacts::Add(const std::shared_ptr<const ProcessHandle>& process, uid_t share,
                                   BootTime patience_end, Findings& findings) {
  const auto question = QuestionOf(*process);
  if (!question) {
    if (question.error().code() == ErrorCode::kPeerGone) return question.error();
    findings.Missing("env", question.error());
    return {};
  }
  const auto patience = std::max(BootClock::duration::zero(), patience_end - BootNow());
  const auto variables = lookup_.Get(*question, share, patience, [&]() -> Result<Lookup::Compute> {
    return Lookup::Compute([process, question = *question](const std::stop_token&) {
      return ReadVariables(*process, question);
    });
  });
  if (!variables) {
    if (variables.error().code() == ErrorCode::kPeerGone) return variables.error();
    findings.Missing("env", variables.error());
    return {};
  }
  for (const std::string_view name : *variables) findings.Add("env:", name);
  return {};
}

void EnvironmentFacts::Forget(const ProcessHandle& process, uid_t share) {
  if (const auto question = QuestionOf(process)) lookup_.Forget(*question, share);
}

}  // namespace surety
