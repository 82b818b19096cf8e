#include "agent/issuance/hold_key.h"

#include <openssl/crypto.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/issuance/der_writer.h"
#include "agent/issuance/harden_process.h"
#include "agent/issuance/key_holder_words.h"
#include "agent/issuance/token_opener.h"

namespace surety {
namespace {

// Empty at the end of the conversation.
std::optional<SecretBytes> Receive() {
  std::vector<std::uint8_t> message(kLargestKeyHolderMessage);
  const ssize_t got = ::recv(STDIN_FILENO, message.data(), message.size(), 0);
  if (got <= 0) return std::nullopt;
  message.resize(static_cast<std::size_t>(got));
  return SecretBytes(std::move(message));
}

// Of a message that ends with a zero byte.
std::string TextOf(const SecretBytes& message) {
  const auto bytes = message.Reveal();
  return std::string(AsText(bytes.first(bytes.size() - 1)));
}

void Say(KeyHolderAnswer what, const std::string& text) {
  const std::string message = static_cast<char>(what) + text;
  // Whoever is not there any more closes the socket, which ends Receive().
  (void)::send(STDIN_FILENO, message.data(), message.size(), MSG_NOSIGNAL);
}

void SayFailure(const Error& error) {
  Say(error.code() == ErrorCode::kPermissionDenied ? KeyHolderAnswer::kPinRefused
                                                   : KeyHolderAnswer::kFailed,
      error.Text());
}

std::optional<TokenQuestion> ReceiveQuestion() {
  const auto name = Receive();
  const auto reach = name ? Receive() : std::nullopt;
  auto pin = reach ? Receive() : std::nullopt;
  if (!pin) return std::nullopt;
  auto uri = ParseKeyUri(TextOf(*name));
  if (!uri) return std::nullopt;
  (uri->kind == KeyUri::Kind::kPkcs11 ? uri->module_path : uri->tcti) = TextOf(*reach);
  return TokenQuestion{.uri = *std::move(uri), .pin = *std::move(pin)};
}

}  // namespace

int HoldKey() {
  if (!HardenProcess() || ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return EXIT_FAILURE;
  // Reasons come back as answers; these would say them on standard error.
  ::setenv("TSS2_LOG", "all+NONE", 1);
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  auto question = ReceiveQuestion();
  if (!question) return EXIT_FAILURE;
  const auto key = OpenTokenKey(*question);
  if (!key) {
    SayFailure(key.error());
    return EXIT_FAILURE;
  }
  Say(KeyHolderAnswer::kDone, {});
  while (const auto digest = Receive()) {
    const auto signature = SignWithToken(**key, AsText(digest->Reveal()));
    if (signature)
      Say(KeyHolderAnswer::kDone, *signature);
    else
      SayFailure(signature.error());
  }
  // Modules of tokens have been seen to crash while they are taken down.
  ::_exit(EXIT_SUCCESS);
}

}  // namespace surety
