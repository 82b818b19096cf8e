#pragma once

#include <termios.h>

#include <chrono>
#include <optional>
#include <ostream>
#include <stop_token>
#include <string>
#include <vector>

#include "agent/command/top_frame.h"
#include "surety/result.h"

namespace surety {

/// The terminal as a program has it that draws whole frames: its other screen, no echo,
/// keys as they are pressed (console_codes(4), termios(3)). Everything is as before when
/// the object is gone.
class Screen {
 public:
  /// kUnavailable if standard input or output is no terminal.
  static Result<Screen> Open(std::ostream& out);
  Screen(Screen&& other) noexcept;
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  Screen& operator=(Screen&&) = delete;
  ~Screen();

  [[nodiscard]] TopSize Size() const;
  void Draw(const std::vector<std::string>& lines);
  /// Waits for `time`. False if "q" was pressed, the terminal is gone or `stop` requested.
  bool Wait(std::chrono::milliseconds time, const std::stop_token& stop);

 private:
  Screen(std::ostream& out, const termios& before) : out_(&out), before_(before) {}

  std::ostream* out_;
  std::optional<termios> before_;  // Not set once moved from.
};

}  // namespace surety
