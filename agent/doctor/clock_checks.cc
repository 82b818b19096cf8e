#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/timex.h>

#include <algorithm>
#include <memory>

#include "agent/doctor/checks.h"

namespace surety {
namespace {

constexpr Seconds kTolerated{300};
constexpr std::size_t kMostFiles = 10'000;
constexpr const char* kSetClock =
    "set the clock, let it be kept by chrony or systemd-timesyncd, and start suretyd after it "
    "(After=time-sync.target)";

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

Finding LookAtSynchronization() {
  timex state{};
  const int kept = ::adjtimex(&state);
  if (kept >= 0 && kept != TIME_ERROR && (state.status & STA_UNSYNC) == 0)
    return Ok("clock.sync", "the clock is kept by a time service");
  return Warning("clock.sync",
                 "no time service keeps the clock, as far as the kernel knows: SVIDs that carry a "
                 "wrong time are refused elsewhere",
                 "systemctl enable --now chrony, or see to the host's clock in a container");
}

// When the newest file of a folder was written; what is in it carries the time of then.
WallTime NewestIn(const std::string& path) {
  WallTime newest{};
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));
  if (!folder) return newest;
  for (std::size_t seen = 0; seen < kMostFiles; ++seen) {
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr) break;
    struct stat file {};
    if (::fstatat(::dirfd(folder.get()), entry->d_name, &file, AT_SYMLINK_NOFOLLOW) == 0)
      newest = std::max(newest, WallTime(Seconds(file.st_mtim.tv_sec)));
  }
  return newest;
}

}  // namespace

Diagnosis LookAtClock(const Installation& all) {
  Diagnosis found{LookAtSynchronization()};
  const auto lies_ahead = [&](WallTime time) { return time > all.now.wall + kTolerated; };
  if (all.daemon && all.daemon->started_at && lies_ahead(*all.daemon->started_at))
    found.push_back(Broken(
        "clock", "it was set back: the daemon says that it was started later than now", kSetClock));
  if (!all.config) return found;
  for (const std::string& folder :
       {all.config->state_dir, all.config->state_dir + "/authority", AuditFolderOf(*all.config)})
    if (lies_ahead(NewestIn(folder)))
      found.push_back(Broken("clock",
                             "it was set back, or was ahead before: files in " + folder +
                                 " were written later than now",
                             kSetClock));
  return found;
}

}  // namespace surety
