#include "agent/record/audit_hash.h"

#include <openssl/evp.h>

#include <cstdint>
#include <span>
#include <utility>

#include "agent/issuance/der_writer.h"
#include "agent/issuance/openssl_handles.h"

namespace surety {
namespace {

constexpr std::string_view kLeaf("\0", 1);
constexpr std::string_view kAfterHash = "}";
constexpr std::size_t kHashSize = HashText::kLength / 2;

Error Failed() { return OpenSslError(ErrorCode::kInternal, "computing SHA-256"); }

HashText ToText(std::span<const unsigned char, kHashSize> bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<char, HashText::kLength> digits{};
  for (std::size_t i = 0; i < kHashSize; ++i) {
    digits.at(2 * i) = kHex[bytes[i] >> 4U];
    digits.at(2 * i + 1) = kHex[bytes[i] & 0x0fU];
  }
  return HashText({digits.data(), digits.size()});
}

}  // namespace

struct AuditHasher::State {
  DigestPtr algorithm{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  DigestContextPtr context{EVP_MD_CTX_new()};
};

AuditHasher::AuditHasher(std::unique_ptr<State> state) : state_(std::move(state)) {}
AuditHasher::AuditHasher(AuditHasher&&) noexcept = default;
AuditHasher& AuditHasher::operator=(AuditHasher&&) noexcept = default;
AuditHasher::~AuditHasher() = default;

Result<AuditHasher> AuditHasher::Create() {
  auto state = std::make_unique<State>();
  if (!state->algorithm || !state->context) return Failed();
  return AuditHasher(std::move(state));
}

Result<HashText> AuditHasher::OfLine(std::string_view before_hash) {
  EVP_MD_CTX* context = state_->context.get();
  if (EVP_DigestInit_ex2(context, state_->algorithm.get(), nullptr) != 1) return Failed();
  for (const std::string_view part : {kLeaf, before_hash, kAfterHash}) {
    if (EVP_DigestUpdate(context, part.data(), part.size()) != 1) return Failed();
  }
  std::array<unsigned char, kHashSize> bytes{};
  if (EVP_DigestFinal_ex(context, bytes.data(), nullptr) != 1) return Failed();
  return ToText(bytes);
}

Result<std::string> Sha256Hex(std::string_view bytes) {
  std::array<unsigned char, kHashSize> hash{};
  std::size_t length = hash.size();
  if (EVP_Q_digest(nullptr, "SHA256", nullptr, bytes.data(), bytes.size(), hash.data(), &length) !=
      1) {
    return Failed();
  }
  return std::string(ToText(hash).view());
}

}  // namespace surety
