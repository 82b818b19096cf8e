#include "agent/issuance/jwt_store.h"

#include <algorithm>
#include <utility>

#include "agent/issuance/certificate_view.h"
#include "agent/issuance/der_writer.h"
#include "agent/issuance/p256_key.h"
#include "agent/issuance/pem_reader.h"

namespace surety {
namespace {

constexpr std::string_view kManifestName = "manifest.json";
constexpr std::string_view kSuffix = ".pem";
constexpr std::size_t kLargestKeyFile = 4'096;

std::string FileOf(const std::string& key_id) { return key_id + std::string(kSuffix); }

Result<std::shared_ptr<const JwtKey>> ParseKeyFile(std::span<const std::uint8_t> text,
                                                   const TokenProfile& profile) {
  PemReader reader(text, PemReader::Place::kSecureHeap);
  const auto block = reader.Next();
  if (!block) return block.error();
  if (!*block || (*block)->label != "PRIVATE KEY")
    return Error(ErrorCode::kDataLoss, "there is no PRIVATE KEY in it");
  return JwtKey::Load((*block)->content.Reveal(), profile);
}

}  // namespace

Result<NewJwtKey> MakeJwtKey(const TokenProfile& profile) {
  auto bytes = GenerateP256Key();
  if (!bytes) return bytes.error();
  auto key = JwtKey::Load(bytes->pkcs8.Reveal(), profile);
  if (!key) return key.error();
  return NewJwtKey{.key = *std::move(key), .pkcs8 = std::move(bytes->pkcs8)};
}

Result<JwtStore> JwtStore::Open(const std::string& state_dir, const TrustDomain& trust_domain,
                                DiskWrites& disk, const TokenProfile& profile) {
  auto folder = AuthorityFolder::Open(state_dir, disk, std::string(profile.folder));
  if (!folder) return folder.error();
  JwtStore store(*std::move(folder), trust_domain, profile);
  if (auto read = store.ReadManifest(); !read) return read.error();
  if (auto read = store.ReadKeys(); !read) return read.error();
  if (auto removed = store.RemoveUnnamed(); !removed) return removed.error();
  return store;
}

Error JwtStore::Damaged(const std::string& name, const Error& why) const {
  return Error(ErrorCode::kDataLoss, why.Text())
      .Within(folder_.PathOf(name) +
              " cannot be used; restore it from a backup, or move the folder " + folder_.path() +
              " away to begin with a new key, from when on no token made before is believed");
}

Result<void> JwtStore::ReadManifest() {
  const std::string name(kManifestName);
  const auto text = folder_.Read(name, kLargestManifest);
  if (!text && text.error().code() == ErrorCode::kNotFound) {
    const auto files = folder_.List(kSuffix);
    if (!files) return files.error();
    if (!files->empty()) return Damaged(name, text.error());
    // Before the first key is written: so a key without a manifest has lost it.
    return WriteManifest({});
  }
  if (!text) return text.error();
  auto manifest = ParseJwtManifest(AsText(text->Reveal()));
  if (!manifest) return Damaged(name, manifest.error());
  if (manifest->trust_domain != trust_domain_.name()) {
    return Error(ErrorCode::kInvalidArgument,
                 folder_.path() + " belongs to the trust domain " + manifest->trust_domain +
                     ", and the configuration says " + trust_domain_.name() +
                     ": set that back, or name another state_dir");
  }
  manifest_ = *std::move(manifest);
  return {};
}

Result<std::shared_ptr<const JwtKey>> JwtStore::ReadKey(const std::string& key_id) const {
  const std::string name = FileOf(key_id);
  const auto text = folder_.Read(name, kLargestKeyFile);
  if (!text) {
    const bool missing = text.error().code() == ErrorCode::kNotFound;
    return missing ? Damaged(name, text.error()) : text.error();
  }
  auto key = ParseKeyFile(text->Reveal(), profile_);
  if (!key) return Damaged(name, key.error());
  if ((*key)->id() != key_id)
    return Damaged(name, Error(ErrorCode::kDataLoss, "it holds the key " + (*key)->id()));
  return *std::move(key);
}

Result<void> JwtStore::ReadKeys() {
  for (const JwtManifest::Item& item : manifest_.keys) {
    auto key = ReadKey(item.key_id);
    if (!key) return key.error();
    opened_.push_back({.key = *std::move(key), .item = item});
  }
  return {};
}

Result<void> JwtStore::RemoveUnnamed() {
  const auto files = folder_.List(kSuffix);
  if (!files) return files.error();
  for (const std::string& name : *files) {
    const bool named = std::ranges::any_of(manifest_.keys, [&name](const JwtManifest::Item& item) {
      return FileOf(item.key_id) == name;
    });
    if (named) continue;
    if (auto removed = folder_.Remove(name); !removed) return removed;
  }
  return {};
}

Result<void> JwtStore::WriteKey(const NewJwtKey& key) {
  return folder_.Replace(FileOf(key.key->id()), PrivateKeyPem(key.pkcs8).Reveal());
}

Result<void> JwtStore::WriteManifest(JwtManifest manifest) {
  manifest.trust_domain = trust_domain_.name();
  const std::string text = PrintJwtManifest(manifest);
  if (auto written = folder_.Replace(std::string(kManifestName), AsBytes(text)); !written)
    return written.error();
  manifest_ = std::move(manifest);
  return {};
}

Result<void> JwtStore::RemoveKey(const std::string& key_id) {
  return folder_.Remove(FileOf(key_id));
}

}  // namespace surety
