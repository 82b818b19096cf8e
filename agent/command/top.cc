#include "agent/command/top.h"

#include <chrono>
#include <utility>

#include "agent/command/advice.h"
#include "agent/command/screen.h"
#include "agent/command/top_events.h"
#include "agent/command/top_frame.h"

namespace surety {
namespace {

constexpr std::chrono::milliseconds kEach{1'000};

Result<void> Look(const TopFlags& flags, AdminClient& client, WallTime now, TopEvents& events,
                  TopView& view) {
  auto status = client.GetStatus(flags.timeout);
  view = {};
  if (!status) {
    const Error error = AdvisedAdminError(status.error());
    view.why_silent = error.Text();
    return error;
  }
  view.status = *std::move(status);
  if (view.status->hook.quarantines > 0) {
    if (auto list = client.ListQuarantines(flags.timeout)) view.quarantines = *std::move(list);
  }
  if (const auto read = events.Read(view.status->hook.audit_sequence, now); !read)
    view.why_no_events = read.error().Text();
  return {};
}

}  // namespace

Result<void> Top(const TopFlags& flags, AdminClient& client, const std::string& folder,
                 const Clock& clock, const std::stop_token& stop, std::ostream& out) {
  TopEvents events(folder);
  TopView view;
  auto screen = flags.once ? Error(ErrorCode::kUnavailable, "not wanted") : Screen::Open(out);
  if (!screen) {
    const WallTime now = clock.Now().wall;
    if (auto looked = Look(flags, client, now, events, view); !looked) return looked;
    for (const std::string& line : TopFrame(view, events, now, std::nullopt)) out << line << "\n";
    return {};
  }
  do {
    const WallTime now = clock.Now().wall;
    // A daemon that does not answer is shown, and asked again.
    static_cast<void>(Look(flags, client, now, events, view));
    screen->Draw(TopFrame(view, events, now, screen->Size()));
  } while (screen->Wait(kEach, stop));
  return {};
}

}  // namespace surety
