#include "workload_api/secret_report.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "workload_api/secret_names.h"

namespace surety {

void SecretReport::Refused(const Peer& peer, std::string_view node, std::string_view why) {
  Tell(peer, node, "did not take its secrets", why);
}

void SecretReport::Ended(const Peer& peer, std::string_view node, std::string_view why) {
  Tell(peer, node, "gets no secrets", why);
}

void SecretReport::Tell(const Peer& peer, std::string_view node, std::string_view what,
                        std::string_view why) {
  std::uint64_t untold = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!rate_.Take(clock_.Now().boot)) {
      ++untold_;
      return;
    }
    untold = std::exchange(untold_, 0);
  }
  logger_->warn("process {} (uid {}, node \"{}\") {}: {}{}", peer.process->key().pid, peer.uid,
                BriefText(node), what, BriefText(why),
                untold == 0 ? "" : " (and " + std::to_string(untold) + " before were not told)");
}

}  // namespace surety
