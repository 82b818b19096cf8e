#include "agent/command/screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace surety {
namespace {

constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";
constexpr std::chrono::milliseconds kLookForStop{100};

}  // namespace

Result<Screen> Screen::Open(std::ostream& out) {
  termios before{};
  if (::isatty(STDOUT_FILENO) == 0 || ::tcgetattr(STDIN_FILENO, &before) != 0)
    return Error(ErrorCode::kUnavailable, "standard input or output is no terminal");
  termios raw = before;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  if (::tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0)
    return Error(ErrorCode::kUnavailable, "the terminal cannot be set up");
  out << kEnter << std::flush;
  return Screen(out, before);
}

Screen::Screen(Screen&& other) noexcept
    : out_(other.out_), before_(std::exchange(other.before_, std::nullopt)) {}

Screen::~Screen() {
  if (!before_) return;
  *out_ << kLeave << std::flush;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &*before_);
}

TopSize Screen::Size() const {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
    return {};
  return {.lines = size.ws_row, .columns = size.ws_col};
}

void Screen::Draw(const std::vector<std::string>& lines) {
  *out_ << "\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i)
    *out_ << (i == 0 ? "" : "\n") << lines[i] << "\x1b[K";
  *out_ << "\x1b[J" << std::flush;
}

bool Screen::Wait(std::chrono::milliseconds time, const std::stop_token& stop) {
  for (auto left = time; left.count() > 0; left -= kLookForStop) {
    if (stop.stop_requested()) return false;
    pollfd key{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (::poll(&key, 1, static_cast<int>(std::min(left, kLookForStop).count())) <= 0) continue;
    char pressed = 0;
    if (::read(STDIN_FILENO, &pressed, 1) != 1 || pressed == 'q' || pressed == 'Q') return false;
  }
  return !stop.stop_requested();
}

}  // namespace surety
