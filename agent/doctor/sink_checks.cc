#include <linux/capability.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "agent/doctor/checks.h"
#include "agent/sinks/trusted_folder.h"

namespace surety {
namespace {

std::optional<Finding> LackOfCapability(const std::string& check, const SinkSettings& sink,
                                        const Installation& all) {
  if (!all.process) return std::nullopt;
  const auto lacks = [&](unsigned capability) {
    return ((all.process->cap_effective >> capability) & 1U) == 0;
  };
  const auto broken = [&](const std::string& name, const std::string& what) {
    return Broken(check, "the daemon lacks " + name + ": " + what,
                  "give it to suretyd.service, as docs/sinks.md has it, or set the sink up "
                  "without");
  };
  if (sink.folder.owner.value_or(all.uid) != all.uid && lacks(CAP_CHOWN))
    return broken("CAP_CHOWN", "it cannot give the files to their owner");
  const bool of_others = sink.subject.uid.value_or(0) != all.uid;
  if (sink.reload.signal != 0 && of_others && lacks(CAP_KILL))
    return broken("CAP_KILL", "it cannot send the signal to a process of another user");
  return std::nullopt;
}

Finding LookAtSinkState(const std::string& check, const SinkStatus& sink, WallTime now) {
  const std::string whose = "the sink for " + sink.subject + ": ";
  if (!sink.last_error.empty())
    return Broken(check, whose + sink.last_error, "mend that; surety status shows it again");
  if (sink.not_after && *sink.not_after <= now)
    return Broken(check, whose + "the certificate in " + sink.folder + " has expired",
                  "see surety status and the journal: the process may be undecided");
  if (sink.state == "written") return Ok(check, whose + "files are in " + sink.folder);
  return Warning(check, whose + "no files are written now: " + sink.state,
                 sink.state == "refused" ? "surety audit why " + std::to_string(sink.pid)
                                         : "start the program; if it runs, see surety status");
}

Finding LookAtSink(const SinkSettings& sink, const Installation& all) {
  const std::string check = "sinks." + sink.name;
  if (const auto folder = OpenTrustedFolder(sink.folder.path); !folder)
    return Broken(check, folder.error().Text(), "see docs/sinks.md for the folder of a sink");
  if (auto lack = LackOfCapability(check, sink, all)) return *std::move(lack);
  if (!all.daemon) return Ok(check, sink.folder.path + " is fit for it");
  const auto& known = all.daemon->sinks;
  const auto found = std::ranges::find(known, sink.name, &SinkStatus::name);
  if (found != known.end()) return LookAtSinkState(check, *found, all.now.wall);
  return Warning(check, "the daemon does not know of it", "systemctl restart suretyd");
}

}  // namespace

Diagnosis LookAtSinks(const Installation& all) {
  Diagnosis found;
  for (const SinkSettings& sink : all.config->sinks) found.push_back(LookAtSink(sink, all));
  return found;
}

}  // namespace surety
