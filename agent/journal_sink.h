#pragma once

#include <spdlog/sinks/base_sink.h>

#include <mutex>

namespace surety {

/// Whether what this process writes to standard error goes to systemd's journal
/// (JOURNAL_STREAM, systemd.exec(5)).
bool StandardErrorIsJournal();

/// Writes to systemd's journal by sd_journal_send(3): MESSAGE, PRIORITY,
/// SYSLOG_IDENTIFIER, and SURETY_NAME for each of LogFieldsScope's. What the journal does
/// not take goes to standard error as text.
class JournalSink final : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}
};

}  // namespace surety
