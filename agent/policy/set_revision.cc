#include "agent/policy/set_revision.h"

#include <openssl/evp.h>

#include <array>
#include <memory>

namespace surety {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

constexpr std::size_t kShownBytes = 8;

}  // namespace

std::string RevisionOf(const std::vector<PolicyText>& texts, std::string_view mode) {
  const std::unique_ptr<EVP_MD_CTX, FreeContext> hash(EVP_MD_CTX_new());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  bool ok = hash != nullptr && EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) == 1;
  const auto add = [&](std::string_view text) {
    const std::string length = std::to_string(text.size()) + ":";
    ok = ok && EVP_DigestUpdate(hash.get(), length.data(), length.size()) == 1 &&
         EVP_DigestUpdate(hash.get(), text.data(), text.size()) == 1;
  };
  add(mode);
  for (const PolicyText& text : texts) add(text.text);
  if (!ok || EVP_DigestFinal_ex(hash.get(), digest.data(), nullptr) != 1) return "unknown";
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < kShownBytes; ++i)
    out.append(1, kHex[digest.at(i) >> 4U]).append(1, kHex[digest.at(i) & 15U]);
  return out;
}

}  // namespace surety
