#include "agent/record/checkpoint_key.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "agent/issuance/der_writer.h"
#include "agent/issuance/p256_key.h"
#include "agent/record/audit_hash.h"

namespace surety {
namespace {

constexpr std::string_view kBegin = "-----BEGIN PUBLIC KEY-----\n";
constexpr std::string_view kEnd = "-----END PUBLIC KEY-----\n";
constexpr std::size_t kPointSize = 65;
constexpr std::size_t kPemLine = 64;
constexpr std::size_t kLongestSignature = 72;

std::string Base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     AsBytes(bytes).data(), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::string FromBase64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     AsBytes(text).data(), static_cast<int>(text.size()));
  ERR_clear_error();
  bytes.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return bytes;
}

std::optional<std::string> FromHex(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  if (text.size() % 2 != 0 || text.size() > 2 * kLongestSignature) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = kHex.find(text[i]);
    const auto low = kHex.find(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

Error NotAKey() {
  return {ErrorCode::kInvalidArgument, "not a public key for checkpoints as Surety writes it"};
}

}  // namespace

Result<CheckpointPublicKey> CheckpointPublicKey::FromPoint(std::string_view point) {
  if (point.size() != kPointSize) return NotAKey();
  CheckpointPublicKey made;
  made.der_ = std::string(kP256PublicKeyPrefix).append(point);
  const unsigned char* at = AsBytes(made.der_).data();
  made.key_.reset(d2i_PUBKEY(nullptr, &at, static_cast<long>(made.der_.size())), EVP_PKEY_free);
  if (!made.key_) {
    ERR_clear_error();
    return NotAKey();
  }
  auto id = Sha256Hex(made.der_);
  if (!id) return id.error();
  made.id_ = *std::move(id);
  return made;
}

Result<CheckpointPublicKey> CheckpointPublicKey::ParsePem(std::string_view pem) {
  const std::size_t longest = kBegin.size() + kEnd.size() + 4 * kPemLine;
  if (!pem.starts_with(kBegin) || !pem.ends_with(kEnd) || pem.size() > longest) return NotAKey();
  std::string base64;
  for (const char c : pem.substr(kBegin.size(), pem.size() - kBegin.size() - kEnd.size())) {
    if (c != '\n') base64 += c;
  }
  // The last two of 93 decoded bytes stand for the padding.
  const std::string der = FromBase64(base64);
  const std::size_t size = kP256PublicKeyPrefix.size() + kPointSize;
  if (der.size() < size || !der.starts_with(kP256PublicKeyPrefix)) return NotAKey();
  auto key = FromPoint(std::string_view(der).substr(kP256PublicKeyPrefix.size(), kPointSize));
  if (key && key->Pem() != pem) return NotAKey();
  return key;
}

std::string CheckpointPublicKey::Pem() const {
  const std::string base64 = Base64(der_);
  std::string pem(kBegin);
  for (std::size_t at = 0; at < base64.size(); at += kPemLine)
    pem.append(base64, at, kPemLine).append("\n");
  return pem.append(kEnd);
}

bool CheckpointPublicKey::Verifies(std::string_view text, std::string_view signature) const {
  const auto bytes = FromHex(signature);
  const DigestContextPtr context(EVP_MD_CTX_new());
  const bool fits = bytes && context &&
                    EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr,
                                            key_.get(), nullptr) == 1 &&
                    EVP_DigestVerify(context.get(), AsBytes(*bytes).data(), bytes->size(),
                                     AsBytes(text).data(), text.size()) == 1;
  ERR_clear_error();
  return fits;
}

Result<CheckpointKey::New> CheckpointKey::Make() {
  auto made = GenerateP256Key();
  if (!made) return made.error();
  auto key = Parse(made->pkcs8.Reveal());
  if (!key) return key.error();
  return New{.key = *std::move(key), .pkcs8 = std::move(made->pkcs8)};
}

Result<CheckpointKey> CheckpointKey::Parse(std::span<const std::uint8_t> pkcs8) {
  auto key = LoadP256Key(pkcs8);
  if (!key) return key.error();
  auto public_key = CheckpointPublicKey::FromPoint(AsText(pkcs8.last(kPointSize)));
  if (!public_key) return public_key.error();
  return CheckpointKey(*std::move(key), *std::move(public_key));
}

Result<std::string> CheckpointKey::Sign(std::string_view text) const {
  std::array<unsigned char, kLongestSignature> signature{};
  std::size_t length = signature.size();
  const DigestContextPtr context(EVP_MD_CTX_new());
  if (!context ||
      EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, key_.get(),
                            nullptr) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &length, AsBytes(text).data(), text.size()) !=
          1) {
    return OpenSslError(ErrorCode::kInternal, "signing a checkpoint");
  }
  return Hex(AsText(std::span(signature).first(length)));
}

}  // namespace surety
