// The engine is deprecated by OpenSSL 3.0, and the PKCS#11 library that Debian 12 has.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "agent/issuance/token_opener.h"

#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#include <array>
#include <charconv>
#include <cstdlib>

#include "agent/issuance/der_writer.h"

namespace surety {
namespace {

using EnginePtr = std::unique_ptr<ENGINE, FreeWith<ENGINE_free>>;
using UiMethodPtr = std::unique_ptr<UI_METHOD, FreeWith<UI_destroy_method>>;
using StoreInfoPtr = std::unique_ptr<OSSL_STORE_INFO, FreeWith<OSSL_STORE_INFO_free>>;
struct CloseStore {
  void operator()(OSSL_STORE_CTX* store) const { OSSL_STORE_close(store); }
};
using OpenStorePtr = std::unique_ptr<OSSL_STORE_CTX, CloseStore>;

constexpr const char* kByTpm = "?provider=tpm2";
constexpr std::size_t kLongestReasons = 300;
// PKCS #11 v2.40: CKR_PIN_INCORRECT, _INVALID, _LEN_RANGE, _EXPIRED, _LOCKED.
constexpr int kFirstPinReason = 0xA0;
constexpr int kLastPinReason = 0xA4;
// TPM 2.0 part 2, section 6.6.3: TPM_RC_AUTH_FAIL and _BAD_AUTH, whatever they are about.
constexpr unsigned kTpmReasonBits = 0xBF;
constexpr unsigned kTpmAuthFail = 0x8E;
constexpr unsigned kTpmBadAuth = 0xA2;

bool IsOfPin(unsigned long error, std::string_view data) {
  const char* library = ERR_lib_error_string(error);
  if (library != nullptr && std::string_view(library) == "PKCS#11 module") {
    const int reason = ERR_GET_REASON(error);
    return kFirstPinReason <= reason && reason <= kLastPinReason;
  }
  // The provider of TPMs begins with the number.
  unsigned code = 0;
  if (std::from_chars(data.data(), data.data() + data.size(), code).ec != std::errc()) return false;
  return (code & kTpmReasonBits) == kTpmAuthFail || (code & kTpmReasonBits) == kTpmBadAuth;
}

void Append(const char* text, std::string& reasons) {
  if (text == nullptr || *text == '\0' || reasons.size() > kLongestReasons ||
      reasons.find(text) != std::string::npos)
    return;
  reasons += (reasons.empty() ? "" : ", ") + std::string(text);
}

// What the queue of errors holds, the first first, without what says no more than "failed".
Error Failure(std::string what) {
  bool pin = false;
  std::string reasons;
  const char* data = nullptr;
  int flags = 0;
  while (const unsigned long error = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
    const bool told = (flags & ERR_TXT_STRING) != 0;
    pin = pin || IsOfPin(error, told ? data : "");
    if (ERR_GET_LIB(error) == ERR_LIB_ENGINE) continue;
    Append(ERR_reason_error_string(error), reasons);
    if (told) Append(data, reasons);
  }
  if (!reasons.empty()) what += ": " + reasons;
  return {pin ? ErrorCode::kPermissionDenied : ErrorCode::kUnavailable, std::move(what)};
}

// Nobody is there to type anything.
int AskNobody(UI* /*ui*/) {
  ERR_clear_error();
  return 0;
}

Result<PKeyContextPtr> OpenPkcs11(const TokenQuestion& question) {
  const EnginePtr engine(ENGINE_by_id("pkcs11"));
  if (!engine)
    return Failure("OpenSSL's engine pkcs11 cannot be loaded (package libengine-pkcs11-openssl)");
  const auto set = [&engine](const char* what, const char* value) {
    return *value == '\0' || ENGINE_ctrl_cmd_string(engine.get(), what, value, 0) == 1;
  };
  if (!set("MODULE_PATH", question.uri.module_path.c_str()) || !set("PIN", question.PinText()) ||
      ENGINE_init(engine.get()) != 1)
    return Failure("OpenSSL's engine pkcs11 cannot be set up");
  const UiMethodPtr nobody(UI_create_method("nobody"));
  UI_method_set_opener(nobody.get(), AskNobody);
  ERR_clear_error();
  const PKeyPtr key(
      ENGINE_load_private_key(engine.get(), question.uri.name.c_str(), nobody.get(), nullptr));
  if (key) return PKeyContextPtr(EVP_PKEY_CTX_new(key.get(), nullptr));
  const std::string without =
      question.has_pin() ? std::string() : " without a PIN (pin-source in the URI)";
  return Failure("the token does not give the key" + without);
}

// pem_password_cb
int GivePin(char* buffer, int size, int /*writing*/, void* question) {
  const auto& asked = *static_cast<const TokenQuestion*>(question);
  const std::string_view pin = asked.PinText();
  if (pin.empty() || static_cast<std::size_t>(size) < pin.size()) return -1;
  pin.copy(buffer, pin.size());
  return static_cast<int>(pin.size());
}

std::string HandleText(std::uint32_t handle) {
  constexpr int kHexadecimal = 16;
  std::array<char, 8> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), handle, kHexadecimal).ptr;
  return "handle:0x" + std::string(digits.data(), end);
}

Result<PKeyContextPtr> OpenTpm2(TokenQuestion& question) {
  ::setenv("TPM2OPENSSL_TCTI", question.uri.tcti.c_str(), 1);
  OSSL_LIB_CTX* library = OSSL_LIB_CTX_new();  // Until the process ends, as the key's.
  if (library == nullptr || OSSL_PROVIDER_load(library, "tpm2") == nullptr)
    return Failure(
        "OpenSSL's provider tpm2 cannot be loaded (package tpm2-openssl), or no TPM "
        "answers at " +
        question.uri.tcti);
  if (OSSL_PROVIDER_load(library, "default") == nullptr) return Failure("setting up OpenSSL");
  const std::string handle = HandleText(question.uri.handle) + (question.has_pin() ? "?pass" : "");
  const UiMethodPtr pin(UI_UTIL_wrap_read_pem_callback(GivePin, 0));
  const OpenStorePtr store(OSSL_STORE_open_ex(handle.c_str(), library, kByTpm, pin.get(), &question,
                                              nullptr, nullptr, nullptr));
  while (store && OSSL_STORE_eof(store.get()) == 0) {
    const StoreInfoPtr info(OSSL_STORE_load(store.get()));
    if (info && OSSL_STORE_INFO_get_type(info.get()) == OSSL_STORE_INFO_PKEY)
      // In that library: another would copy the key's public part and miss the private one.
      return PKeyContextPtr(
          EVP_PKEY_CTX_new_from_pkey(library, OSSL_STORE_INFO_get0_PKEY(info.get()), kByTpm));
    if (OSSL_STORE_error(store.get()) != 0) break;
  }
  return Failure("the TPM at " + question.uri.tcti + " does not give the key");
}

}  // namespace

Result<PKeyContextPtr> OpenTokenKey(TokenQuestion& question) {
  auto key = question.uri.kind == KeyUri::Kind::kPkcs11 ? OpenPkcs11(question) : OpenTpm2(question);
  if (key && !*key) return Failure("setting up to sign");
  return key;
}

Result<std::string> SignWithToken(EVP_PKEY_CTX& key, std::string_view digest) {
  constexpr std::size_t kSha384Size = 48;
  const EVP_MD* made_by = digest.size() == kSha384Size ? EVP_sha384() : EVP_sha256();
  const bool rsa = EVP_PKEY_get_base_id(EVP_PKEY_CTX_get0_pkey(&key)) == EVP_PKEY_RSA;
  ERR_clear_error();
  if (EVP_PKEY_sign_init(&key) != 1 ||
      (rsa && EVP_PKEY_CTX_set_rsa_padding(&key, RSA_PKCS1_PADDING) != 1) ||
      EVP_PKEY_CTX_set_signature_md(&key, made_by) != 1)
    return Failure("setting up to sign");
  std::array<unsigned char, 2048> signature{};
  std::size_t length = signature.size();
  ERR_clear_error();
  if (EVP_PKEY_sign(&key, signature.data(), &length,
                    reinterpret_cast<const unsigned char*>(digest.data()), digest.size()) != 1)
    return Failure("it does not sign");
  return std::string(AsText(std::span(signature).first(length)));
}

}  // namespace surety
