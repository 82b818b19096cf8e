#include "agent/issuance/p256_key.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "agent/issuance/der_writer.h"

namespace surety {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::size_t kScalarSize = 32;
constexpr std::size_t kPointSize = 65;

// PrivateKeyInfo { version 0, { id-ecPublicKey, prime256v1 }, OCTET STRING {
// ECPrivateKey { version 1, <scalar>, [1] { BIT STRING <point> } } } }. All
// lengths are constant because both the scalar and the point are.
constexpr std::string_view kBeforeScalar =
    "\x30\x81\x87\x02\x01\x00"
    "\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
    "\x04\x6d\x30\x6b\x02\x01\x01\x04\x20"sv;
constexpr std::string_view kBeforePoint = "\xa1\x44\x03\x42\x00"sv;
constexpr std::size_t kPointAt = kBeforeScalar.size() + kScalarSize + kBeforePoint.size();
static_assert(kPointAt + kPointSize == kP256Pkcs8Size);

/// Bytes on the stack that are wiped on the way out.
class WipedScalar {
 public:
  WipedScalar() = default;
  WipedScalar(const WipedScalar&) = delete;
  WipedScalar& operator=(const WipedScalar&) = delete;
  ~WipedScalar() { ::explicit_bzero(bytes_.data(), bytes_.size()); }
  std::array<std::uint8_t, kScalarSize>& bytes() { return bytes_; }

  /// OpenSSL hands integers over in the machine's byte order.
  void SwapBetweenNativeAndBigEndian() {
    if constexpr (std::endian::native == std::endian::little) std::ranges::reverse(bytes_);
  }

 private:
  std::array<std::uint8_t, kScalarSize> bytes_{};
};

PKeyContextPtr NewGenerator() {
  PKeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  if (!context || EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_group_name(context.get(), "P-256") != 1) {
    return nullptr;
  }
  return context;
}

PKeyPtr GenerateKey() {
  thread_local PKeyContextPtr generator;
  if (!generator) generator = NewGenerator();
  EVP_PKEY* key = nullptr;
  if (!generator || EVP_PKEY_generate(generator.get(), &key) != 1) return nullptr;
  return PKeyPtr(key);
}

}  // namespace

const std::string_view kP256PublicKeyPrefix =
    "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
    "\x03\x42\x00"sv;

std::span<const std::uint8_t> PrivateScalarOf(const P256Key& key) {
  return key.pkcs8.Reveal().subspan(kBeforeScalar.size(), kScalarSize);
}

Result<P256Key> GenerateP256Key() {
  const PKeyPtr key = GenerateKey();
  if (!key) return OpenSslError(ErrorCode::kInternal, "making a P-256 key");

  std::string point(kPointSize, '\0');
  WipedScalar scalar;
  std::array<OSSL_PARAM, 3> params{
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, scalar.bytes().data(), kScalarSize),
      OSSL_PARAM_construct_end()};
  if (EVP_PKEY_get_params(key.get(), params.data()) != 1 || params[0].return_size != kPointSize ||
      params[1].return_size != kScalarSize) {
    return OpenSslError(ErrorCode::kInternal, "reading a new P-256 key");
  }
  scalar.SwapBetweenNativeAndBigEndian();

  std::vector<std::uint8_t> pkcs8;
  pkcs8.reserve(kP256Pkcs8Size);
  const auto append = [&pkcs8](std::span<const std::uint8_t> part) {
    pkcs8.insert(pkcs8.end(), part.begin(), part.end());
  };
  append(AsBytes(kBeforeScalar));
  append(scalar.bytes());
  append(AsBytes(kBeforePoint));
  append(AsBytes(point));
  return P256Key{std::move(point), SecretBytes(std::move(pkcs8))};
}

Result<PKeyPtr> LoadP256Key(std::span<const std::uint8_t> pkcs8) {
  const std::string_view text = AsText(pkcs8);
  if (text.size() != kP256Pkcs8Size || !text.starts_with(kBeforeScalar) ||
      text.substr(kBeforeScalar.size() + kScalarSize, kBeforePoint.size()) != kBeforePoint) {
    return Error(ErrorCode::kInvalidArgument, "not a PKCS#8 P-256 key as Surety writes it");
  }

  std::string group = "P-256";
  std::string point(text.substr(kPointAt));
  WipedScalar scalar;
  std::ranges::copy(pkcs8.subspan(kBeforeScalar.size(), kScalarSize), scalar.bytes().begin());
  scalar.SwapBetweenNativeAndBigEndian();
  std::array<OSSL_PARAM, 4> params{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, scalar.bytes().data(), kScalarSize),
      OSSL_PARAM_construct_end()};

  const PKeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* raw = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_KEYPAIR, params.data()) != 1) {
    return OpenSslError(ErrorCode::kInvalidArgument, "not a key on P-256");
  }
  PKeyPtr key(raw);
  const PKeyContextPtr check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!check || EVP_PKEY_check(check.get()) != 1) {
    return OpenSslError(ErrorCode::kInvalidArgument, "private and public part do not fit");
  }
  return key;
}

}  // namespace surety
