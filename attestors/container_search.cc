#include "attestors/container_search.h"

#include "attestors/engine_answer.h"

namespace surety {

Result<std::optional<pid_t>> AskFirstProcess(const EngineSocket& socket,
                                             const std::string& container,
                                             const EngineRequestLimits& limits,
                                             const std::stop_token& stop) {
  constexpr long kOk = 200;
  constexpr long kUnknown = 404;
  const auto reply = AskEngine(socket, "/containers/" + container + "/json", limits, stop);
  if (!reply) return reply.error();
  if (reply->status == kUnknown && SaysNotFound(reply->body)) return std::optional<pid_t>();
  if (reply->status != kOk)
    return Error(
        ErrorCode::kUnavailable,
        "the engine at " + socket.path + " answered with status " + std::to_string(reply->status));
  const auto facts = ParseDockerContainer(reply->body);
  if (!facts) return facts.error();
  return std::optional(facts->pid);
}

}  // namespace surety
