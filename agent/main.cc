#include <spdlog/spdlog.h>

#include <exception>
#include <iostream>
#include <span>
#include <variant>

#include "agent/check.h"
#include "agent/daemon.h"
#include "agent/daemon_attestors.h"
#include "agent/flags.h"
#include "agent/issuance/harden_process.h"
#include "agent/issuance/hold_key.h"
#include "agent/issuance/key_holder_words.h"
#include "agent/issuance/key_memory.h"
#include "agent/logging.h"
#include "agent/passed_sockets.h"
#include "agent/service_manager.h"
#include "agent/version.h"
#include "attestors/builtin.h"

namespace surety {
namespace {

constexpr int kFailed = 1;

int Fail(const Error& error) {
  std::cerr << "suretyd: " << error.Text() << '\n';
  return kFailed;
}

int RunCheck(const Flags& flags) {
  const auto made = [](const Config& config) {
    return SelectorKindsOf(BuiltinAttestors(AttestorOptionsOf(config)));
  };
  return Check(flags.config_file, flags.overrides, flags.strict, made, std::cout) ? 0 : kFailed;
}

int RunDaemon(const Flags& flags) {
  // Before the first key and the first thread.
  if (auto hardened = HardenProcess(); !hardened) return Fail(hardened.error());
  auto signals = Signals::Block();
  if (!signals) return Fail(signals.error());
  auto passed = TakePassedSockets();
  if (!passed) return Fail(passed.error());
  const auto locked = LockKeyMemory();

  Diagnostics diagnostics;
  const auto config = LoadConfig(flags.config_file, flags.overrides, diagnostics);
  Print(diagnostics, std::cerr);
  if (!config) return kFailed;
  const auto logger = MakeLogger(config->log_format, config->log_level);
  if (!locked) logger->warn("keys may be swapped out: {}", locked.error().Text());

  auto daemon = Daemon::Start(*config, *std::move(passed), logger);
  if (!daemon) {
    logger->error("suretyd does not start: {}", daemon.error().Text());
    return kFailed;
  }
  ServiceManager service;
  (*daemon)->Run(*signals, service);
  return 0;
}

int Main(std::span<const char* const> arguments) {
  if (arguments.size() == 1 && arguments.front() == kHoldKeyCommand) return HoldKey();
  const auto parsed = ParseFlags(arguments, kVersion);
  if (const auto* stop = std::get_if<FlagsExit>(&parsed)) {
    (stop->code == 0 ? std::cout : std::cerr) << stop->text;
    return stop->code;
  }
  const auto& flags = std::get<Flags>(parsed);
  return flags.command == Flags::Command::kCheck ? RunCheck(flags) : RunDaemon(flags);
}

}  // namespace
}  // namespace surety

int main(int argc, char** argv) {
  try {
    return surety::Main(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
  } catch (const std::exception& error) {
    std::cerr << "suretyd: " << error.what() << '\n';
    return surety::kFailed;
  }
}
