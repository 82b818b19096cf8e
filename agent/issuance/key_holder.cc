#include "agent/issuance/key_holder.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

#include "agent/identity/one_line.h"
#include "agent/identity/spawn_apart.h"
#include "agent/issuance/der_writer.h"
#include "agent/issuance/key_holder_words.h"

namespace surety {
namespace {

constexpr std::chrono::milliseconds kLongestPoll{100};

std::string TextOf(int error) { return std::generic_category().message(error); }

Result<pid_t> SpawnHolder(int socket) {
  // Nobody hears its outputs: libraries of tokens say there what comes back as an answer, and
  // may say more.
  auto pid = SpawnApart({.path = "/proc/self/exe",
                         .command = {"suretyd", std::string(kHoldKeyCommand)},
                         .input = socket});
  if (pid) return pid;
  return Error(ErrorCode::kUnavailable,
               "starting the process that holds the key: " + pid.error().Text());
}

// A log line may hold it.
std::string AsWords(std::string_view text) {
  constexpr std::size_t kLongest = 500;
  return OneLine(text.substr(0, kLongest), ' ');
}

Result<std::string> Judge(std::string_view answer) {
  if (!answer.empty()) {
    const std::string_view rest = answer.substr(1);
    switch (static_cast<KeyHolderAnswer>(answer.front())) {
      case KeyHolderAnswer::kDone: return std::string(rest);
      case KeyHolderAnswer::kFailed: return Error(ErrorCode::kUnavailable, AsWords(rest));
      case KeyHolderAnswer::kPinRefused: return Error(ErrorCode::kPermissionDenied, AsWords(rest));
    }
  }
  return Error(ErrorCode::kUnavailable, "the process that holds the key has ended");
}

}  // namespace

Result<std::unique_ptr<KeyHolder>> KeyHolder::Start() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return Error(ErrorCode::kUnavailable, "making a pair of sockets: " + TextOf(errno));
  UniqueFd ours(ends[0]);
  const UniqueFd its(ends[1]);
  const auto pid = SpawnHolder(its.get());
  if (!pid) return pid.error();
  return std::unique_ptr<KeyHolder>(new KeyHolder(*pid, std::move(ours)));
}

KeyHolder::~KeyHolder() {
  Kill();
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED) != 0 && errno == EINTR) continue;
}

void KeyHolder::Kill() const { ::kill(pid_, SIGKILL); }

Result<void> KeyHolder::Open(const KeyUri& uri, const SecretBytes& pin, SteadyTime deadline,
                             const std::stop_token& stop) {
  const bool pkcs11 = uri.kind == KeyUri::Kind::kPkcs11;
  for (const std::string_view part :
       {std::string_view(uri.name), std::string_view(pkcs11 ? uri.module_path : uri.tcti)})
    // With its end, since an empty message is the end of the conversation.
    if (::send(socket_.get(), std::string(part).c_str(), part.size() + 1, MSG_NOSIGNAL) < 0)
      return Judge({}).error();
  std::vector<std::uint8_t> secret(pin.Reveal().begin(), pin.Reveal().end());
  secret.push_back(0);
  const SecretBytes ended(std::move(secret));
  const auto opened = Ask(AsText(ended.Reveal()), deadline, stop);
  if (!opened) return opened.error();
  return {};
}

Result<std::string> KeyHolder::Sign(std::string_view digest, SteadyTime deadline) {
  return Ask(digest, deadline, {});
}

Result<std::string> KeyHolder::Ask(std::string_view message, SteadyTime deadline,
                                   const std::stop_token& stop) {
  if (::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0) return Judge({});
  pollfd ready{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  while (ready.revents == 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 || stop.stop_requested())
      return Error(ErrorCode::kDeadline, "no answer in time");
    ::poll(&ready, 1, static_cast<int>(std::min(left, kLongestPoll).count()));
  }
  std::array<char, kLargestKeyHolderMessage> answer{};
  const ssize_t got = ::recv(socket_.get(), answer.data(), answer.size(), 0);
  return Judge({answer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))});
}

}  // namespace surety
