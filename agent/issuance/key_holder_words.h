#pragma once

#include <cstddef>
#include <string_view>

namespace surety {

/// What the daemon and the process that asks a token for signatures say to each other over a
/// pair of SOCK_SEQPACKET sockets. First the daemon sends the key's URI, module or TCTI, and
/// PIN; then digests. Each is answered by one message: a KeyHolderAnswer, and behind it the
/// signature or, in words, why there is none.
enum class KeyHolderAnswer : char {
  kDone = 'd',        ///< Empty behind it when the key was opened.
  kFailed = 'f',      ///< Not now.
  kPinRefused = 'p',  ///< And would be again; a token locks itself after a few.
};

/// The command of suretyd that is this process. Nobody but the daemon calls it.
inline constexpr std::string_view kHoldKeyCommand = "hold-key";

inline constexpr std::size_t kLargestKeyHolderMessage = 8192;

}  // namespace surety
