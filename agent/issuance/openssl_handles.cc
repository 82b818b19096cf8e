#include "agent/issuance/openssl_handles.h"

#include <openssl/err.h>

#include <array>

namespace surety {

void FreeCertificateStack::operator()(STACK_OF(X509) * stack) const {
  sk_X509_pop_free(stack, X509_free);
}

Error OpenSslError(ErrorCode code, std::string_view what) {
  const unsigned long first = ERR_get_error();
  ERR_clear_error();
  if (first == 0) return {code, std::string(what)};
  std::array<char, 256> text{};
  ERR_error_string_n(first, text.data(), text.size());
  return Error(code, text.data()).Within(what);
}

std::string DerOf(const X509& certificate) {
  unsigned char* encoded = nullptr;
  const int length = i2d_X509(&certificate, &encoded);
  if (length <= 0) return {};
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(
      encoded, [](unsigned char* bytes) { OPENSSL_free(bytes); });
  return {reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(length)};
}

}  // namespace surety
