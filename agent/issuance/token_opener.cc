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
#include <cstdio>
#include <cstdlib>
#include <cstring>

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

constexpr std::size_t kLongestReasons = 300;
// PKCS #11 v2.40: CKR_PIN_INCORRECT, _INVALID, _LEN_RANGE, _EXPIRED, _LOCKED.
constexpr int kFirstPinReason = 0xA0;
constexpr int kLastPinReason = 0xA4;

bool IsOfPin(unsigned long error) {
  const char* library = ERR_lib_error_string(error);
  const int reason = ERR_GET_REASON(error);
  if (library == nullptr) return false;
  if (std::strcmp(library, "PKCS#11 module") == 0)
    return kFirstPinReason <= reason && reason <= kLastPinReason;
  // TPM_RC_AUTH_FAIL, _BAD_AUTH and _LOCKOUT, as tss2 words them.
  return false;
}

// What the queue of errors holds, the first first, without what says no more than "failed".
Error Failure(std::string what) {
  bool pin = false;
  std::string reasons;
  while (const unsigned long error = ERR_get_error()) {
    pin = pin || IsOfPin(error);
    const char* reason = ERR_reason_error_string(error);
    if (reason == nullptr || ERR_GET_LIB(error) == ERR_LIB_ENGINE) continue;
    if (reasons.find(reason) != std::string::npos || reasons.size() > kLongestReasons) continue;
    reasons += (reasons.empty() ? "" : ", ") + std::string(reason);
  }
  if (!reasons.empty()) what += ": " + reasons;
  return {pin ? ErrorCode::kPermissionDenied : ErrorCode::kUnavailable, std::move(what)};
}

// Nobody is there to type anything.
int AskNobody(UI* /*ui*/) {
  ERR_clear_error();
  return 0;
}

Result<PKeyPtr> OpenPkcs11(const TokenQuestion& question) {
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
  PKeyPtr key(
      ENGINE_load_private_key(engine.get(), question.uri.name.c_str(), nobody.get(), nullptr));
  if (key) return key;
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

Result<PKeyPtr> OpenTpm2(const TokenQuestion& question) {
  ::setenv("TPM2OPENSSL_TCTI", question.uri.tcti.c_str(), 1);
  OSSL_LIB_CTX* library = OSSL_LIB_CTX_new();  // Until the process ends, as the key's.
  if (library == nullptr || OSSL_PROVIDER_load(library, "default") == nullptr)
    return Failure("setting up OpenSSL");
  if (OSSL_PROVIDER_load(library, "tpm2") == nullptr)
    return Failure("OpenSSL's provider tpm2 cannot be loaded (package tpm2-openssl), or no TPM "
                   "answers at " + question.uri.tcti);
  std::array<char, 32> handle{};
  std::snprintf(handle.data(), handle.size(), "handle:0x%08X%s", question.uri.handle,
                question.has_pin() ? "?pass" : "");
  const UiMethodPtr pin(UI_UTIL_wrap_read_pem_callback(GivePin, 0));
  const OpenStorePtr store(OSSL_STORE_open_ex(handle.data(), library, "?provider=tpm2", pin.get(),
                                              const_cast<TokenQuestion*>(&question), nullptr, nullptr, nullptr));
  while (store && OSSL_STORE_eof(store.get()) == 0) {
    const StoreInfoPtr info(OSSL_STORE_load(store.get()));
    if (info && OSSL_STORE_INFO_get_type(info.get()) == OSSL_STORE_INFO_PKEY)
      return PKeyPtr(OSSL_STORE_INFO_get1_PKEY(info.get()));
    if (OSSL_STORE_error(store.get()) != 0) break;
  }
  return Failure("the TPM at " + question.uri.tcti + " does not give the key");
}

}  // namespace

Result<PKeyPtr> OpenTokenKey(const TokenQuestion& question) {
  return question.uri.kind == KeyUri::Kind::kPkcs11 ? OpenPkcs11(question) : OpenTpm2(question);
}

Result<std::string> SignWithToken(EVP_PKEY& key, std::string_view digest) {
  constexpr std::size_t kSha384Size = 48;
  const EVP_MD* made_by = digest.size() == kSha384Size ? EVP_sha384() : EVP_sha256();
  ERR_clear_error();
  const PKeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, &key, nullptr));
  if (!context || EVP_PKEY_sign_init(context.get()) != 1 ||
      (EVP_PKEY_get_base_id(&key) == EVP_PKEY_RSA &&
       EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1) ||
      EVP_PKEY_CTX_set_signature_md(context.get(), made_by) != 1)
    return Failure("setting up to sign");
  std::array<unsigned char, 2048> signature{};
  std::size_t length = signature.size();
  ERR_clear_error();
  if (EVP_PKEY_sign(context.get(), signature.data(), &length,
                    reinterpret_cast<const unsigned char*>(digest.data()), digest.size()) != 1)
    return Failure("it does not sign");
  return std::string(AsText(std::span(signature).first(length)));
}

}  // namespace surety
