#include "agent/command/top_frame.h"

#include <algorithm>
#include <array>
#include <iomanip>
#include <map>
#include <sstream>
#include <utility>

#include "agent/command/text_table.h"
#include "agent/command/time_text.h"
#include "attestors/printable.h"

namespace surety {
namespace {

using Lines = std::vector<std::string>;
constexpr std::size_t kMostEvents = 8;
constexpr std::size_t kMostQuarantines = 4;
constexpr std::size_t kLeastSessions = 4;

/// All streams of one process.
struct Connected {
  uid_t uid = 0;
  std::size_t streams = 0;
  std::string state;
  std::optional<WallTime> next;
  std::vector<std::string> ids;
};

std::map<pid_t, Connected> ByProcess(const std::vector<SessionStatus>& sessions) {
  std::map<pid_t, Connected> all;
  for (const SessionStatus& one : sessions) {
    Connected& process = all[one.pid];
    process.uid = one.uid;
    ++process.streams;
    process.state = one.state;
    if (one.next_turn && (!process.next || *one.next_turn < *process.next))
      process.next = one.next_turn;
    for (const std::string& id : one.spiffe_ids)
      if (std::ranges::find(process.ids, id) == process.ids.end()) process.ids.push_back(id);
  }
  return all;
}

std::string IdsOf(const Connected& process) {
  std::string text;
  for (const std::string& id : process.ids) text += (text.empty() ? "" : " ") + Printable(id);
  return text.empty() ? "-" : text;
}

Lines Split(const std::string& text) {
  Lines lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

Lines SessionLines(const DaemonStatus& status, WallTime now) {
  const auto processes = ByProcess(status.sessions);
  if (processes.empty()) return {"no process is connected"};
  TextTable table({"PID", "UID", "STREAMS", "STATE", "NEXT TURN", "SPIFFE IDS"});
  for (const auto& [pid, process] : processes)
    table.Add({std::to_string(pid), std::to_string(process.uid), std::to_string(process.streams),
               Printable(process.state), process.next ? RelativeText(*process.next, now) : "-",
               IdsOf(process)});
  std::ostringstream out;
  table.Print("", out);
  return Split(out.str());
}

std::string RateLine(const TopEvents& events) {
  constexpr std::array kVerdicts{
      std::pair{Verdict::kAllow, "allow"}, std::pair{Verdict::kRefuse, "refuse"},
      std::pair{Verdict::kChallenge, "challenge"}, std::pair{Verdict::kUndecided, "undecided"}};
  std::ostringstream line;
  line << "decisions a second: " << std::fixed << std::setprecision(1);
  for (const auto& [verdict, word] : kVerdicts)
    line << (verdict == Verdict::kAllow ? "" : ", ") << word << " " << events.RateOf(verdict);
  return line.str();
}

Lines HeadLines(const TopView& view, const TopEvents& events, WallTime now) {
  const DaemonStatus& status = *view.status;
  const LoadStatus& load = status.load;
  const HookStatus& hook = status.hook;
  Lines lines{
      "surety top  " + Printable(status.trust_domain) + "  suretyd " + Printable(status.version) +
          (status.started_at ? ", up " + SpanText(now - *status.started_at) : "") + "  " +
          Rfc3339(now),
      std::to_string(load.connections) + " connections, " + std::to_string(load.streams) +
          " streams, " + std::to_string(load.ready_turns) + " turns waiting; " +
          std::to_string(hook.followed) + " processes watched by " + Printable(hook.wake_mode),
      view.why_no_events.empty() ? RateLine(events)
                                 : "decisions are not seen: " + Printable(view.why_no_events),
      "refused so far: " + std::to_string(load.refused_connections_total) + " connections, " +
          std::to_string(load.refused_calls_total) + " calls; " + std::to_string(hook.quarantines) +
          " quarantines, " + std::to_string(hook.revoked) + " SVIDs revoked"};
  for (const std::string& sentence : status.degraded) lines.push_back("! " + Printable(sentence));
  return lines;
}

Lines QuarantineLines(const TopView& view, WallTime now) {
  Lines lines;
  const std::size_t all = view.quarantines.size();
  for (std::size_t i = all - std::min(all, kMostQuarantines); i < all; ++i) {
    const Quarantine& one = view.quarantines[i];
    lines.push_back("quarantine " + std::to_string(one.id) + "  " +
                    Printable(one.lineage.empty() ? "every lineage" : one.lineage) + "  " +
                    Printable(one.reason) + "  " +
                    (one.until ? "ends " + RelativeText(*one.until, now) : "until released"));
  }
  return lines;
}

Lines EventLines(const TopEvents& events) {
  Lines lines;
  const auto& all = events.lines();
  for (std::size_t i = all.size() - std::min(all.size(), kMostEvents); i < all.size(); ++i)
    lines.push_back(all[i]);
  return lines;
}

void Append(const std::string& title, Lines more, Lines& all) {
  if (more.empty()) return;
  all.emplace_back();
  if (!title.empty()) all.push_back(title);
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

// Whole characters of UTF-8, each of which is taken to be one column wide.
void Cut(std::string& line, std::size_t columns) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(line[i]) & 0xC0U) != 0x80U;
    if (begins && ++seen > columns) return line.resize(i);
  }
}

}  // namespace

std::vector<std::string> TopFrame(const TopView& view, const TopEvents& events, WallTime now,
                                  const std::optional<TopSize>& size) {
  Lines lines;
  if (view.status) {
    lines = HeadLines(view, events, now);
    Lines below;
    Append("", QuarantineLines(view, now), below);
    Append("LAST EVENTS", EventLines(events), below);
    Lines sessions = SessionLines(*view.status, now);
    const std::size_t others = lines.size() + below.size() + 1;
    const std::size_t room = size && size->lines > others ? size->lines - others : kLeastSessions;
    if (size && sessions.size() > room) {
      const std::string more = "... and " + std::to_string(sessions.size() - room + 1) + " more";
      sessions.resize(room - 1);
      sessions.push_back(more);
    }
    Append("", std::move(sessions), lines);
    std::move(below.begin(), below.end(), std::back_inserter(lines));
  } else {
    lines = {"surety top  " + Rfc3339(now),
             "the daemon does not answer: " + Printable(view.why_silent)};
  }
  if (!size) return lines;
  if (lines.size() > size->lines) lines.resize(size->lines);
  for (std::string& line : lines) Cut(line, size->columns);
  return lines;
}

}  // namespace surety
