#include "agent/command/watch.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "agent/command/advice.h"
#include "agent/command/checked_update.h"
#include "agent/command/json_text.h"
#include "agent/command/time_text.h"
#include "agent/command/update_changes.h"
#include "attestors/printable.h"

namespace surety {
namespace {

constexpr std::chrono::seconds kLongestWait{30};

/// Prints events and remembers what the last update held.
class WatchLog {
 public:
  WatchLog(OutputFormat format, const Clock& clock, std::ostream& out)
      : format_(format), clock_(clock), out_(out) {}

  void Update(const CheckedUpdate& update) {
    ++updates_;
    SeenUpdate seen = SeenOf(update);
    const auto changes =
        last_ ? ChangesBetween(*last_, seen) : std::vector<std::string_view>{"first"};
    last_ = std::move(seen);
    Print(format_ == OutputFormat::kJson ? UpdateJson(update, changes)
                                         : UpdateText(update, changes));
  }

  // Without a wait the stream goes on.
  void Failure(const Error& error, std::optional<std::chrono::seconds> wait) {
    if (format_ == OutputFormat::kJson) {
      Print(JsonLine({{"event", "error"},
                      {"time", Now()},
                      {"code", NameOf(error.code())},
                      {"message", error.Text()},
                      {"retry_in_seconds", wait ? Json(wait->count()) : Json(nullptr)}}));
      return;
    }
    Print(Now() + "  error     " + std::string(NameOf(error.code())) + ": " +
          Printable(error.Text()) + (wait ? "; again in " + SpanText(*wait) : ""));
  }

  [[nodiscard]] std::uint64_t updates() const { return updates_; }
  [[nodiscard]] bool writable() const { return out_.good(); }

 private:
  [[nodiscard]] std::string Now() const { return Rfc3339(clock_.Now().wall); }
  void Print(const std::string& line) { out_ << line << std::endl; }

  [[nodiscard]] std::string UpdateText(const CheckedUpdate& update,
                                       const std::vector<std::string_view>& changes) const {
    std::string line = Now() + "  update " + std::to_string(updates_);
    std::string separator = "  ";
    for (const CheckedSvid& svid : update.svids) {
      line += separator + svid.id.Text() + " serial " + svid.leaf.serial + " until " +
              Rfc3339(svid.leaf.not_after);
      separator = ", ";
    }
    separator = "  (";
    for (const std::string_view change : changes) {
      line += separator + std::string(change);
      separator = ", ";
    }
    return line + (changes.empty() ? "  (nothing changed)" : ")");
  }

  [[nodiscard]] std::string UpdateJson(const CheckedUpdate& update,
                                       const std::vector<std::string_view>& changes) const {
    Json svids = Json::array();
    for (const CheckedSvid& svid : update.svids)
      svids.push_back({{"spiffe_id", svid.id.Text()},
                       {"hint", svid.hint},
                       {"serial", svid.leaf.serial},
                       {"not_after", Rfc3339(svid.leaf.not_after)}});
    return JsonLine({{"event", "update"},
                     {"time", Now()},
                     {"update", updates_},
                     {"svids", std::move(svids)},
                     {"changes", changes}});
  }

  const OutputFormat format_;
  const Clock& clock_;
  std::ostream& out_;
  std::uint64_t updates_ = 0;
  std::optional<SeenUpdate> last_;
};

}  // namespace

Result<void> Watch(const WatchFlags& flags, WorkloadClient& client, const Endpoint& endpoint,
                   const Clock& clock, Waiter& waiter, std::stop_source stop, std::ostream& out) {
  WatchLog log(flags.output, clock, out);
  std::chrono::seconds wait{0};
  const auto take = [&](WorkloadUpdate message) {
    if (stop.stop_requested()) return;
    auto update = CheckUpdate(std::move(message));
    if (update) {
      wait = std::chrono::seconds(0);
      log.Update(*update);
    } else {
      log.Failure(update.error(), std::nullopt);
    }
    if (log.updates() == flags.count || !log.writable()) stop.request_stop();
  };
  while (!stop.stop_requested()) {
    const Error ended = AdvisedWorkloadError(client.WatchX509(take, stop.get_token()), endpoint);
    if (stop.stop_requested()) break;
    if (ended.code() == ErrorCode::kInvalidArgument) return ended;
    wait = std::min(wait + std::chrono::seconds(1), kLongestWait);
    log.Failure(ended, wait);
    if (!log.writable() || !waiter.Wait(wait)) break;
  }
  if (!log.writable()) return Error(ErrorCode::kUnavailable, "the output takes no more lines");
  return {};
}

}  // namespace surety
