#include "agent/record/audit_tender.h"

#include <spdlog/spdlog.h>

#include <chrono>

namespace surety {
namespace {

// Twice a second: a line is on the disk within one, the time of the call included.
constexpr std::chrono::milliseconds kPeriod{500};

}  // namespace

AuditTender::AuditTender(AuditFile& file, const Clock& clock, spdlog::logger& logger)
    : file_(file),
      clock_(clock),
      logger_(logger),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

AuditTender::~AuditTender() {
  thread_.request_stop();
  file_.WakeTender();
  thread_.join();
  if (const auto done = file_.Finish(clock_.Now()); !done)
    logger_.error("the audit log could not be finished: {}", done.error().Text());
}

void AuditTender::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    file_.WaitForUrgent(kPeriod);
    Tell(file_.Tend(clock_.Now()));
  }
}

void AuditTender::Tell(const Result<void>& result) {
  if (!result && !failing_) logger_.error("the audit log: {}", result.error().Text());
  if (result && failing_) logger_.warn("the audit log works again");
  failing_ = !result;
}

}  // namespace surety
