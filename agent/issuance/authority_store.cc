#include "agent/issuance/authority_store.h"

#include <algorithm>
#include <utility>

#include "agent/issuance/der_writer.h"

namespace surety {
namespace {

constexpr std::string_view kManifestName = "manifest.json";
constexpr std::string_view kSuffix = ".pem";

std::string FileOf(const std::string& serial) { return serial + std::string(kSuffix); }

// Authorities that no manifest names, as what they can still be used for.
void Adopt(std::vector<StoredAuthority>& known,
           const std::vector<std::shared_ptr<const Signer>>& found) {
  const auto active = std::ranges::find(known, Phase::kActive, &StoredAuthority::phase);
  const Signer* signer = active == known.end() ? nullptr : active->signer.get();
  for (const auto& one : found) {
    const bool younger = signer == nullptr || one->not_before() > signer->not_before();
    known.push_back({.signer = one, .phase = younger ? Phase::kPrepared : Phase::kRetired});
  }
}

}  // namespace

Result<AuthorityStore> AuthorityStore::Open(const std::string& state_dir,
                                            const TrustDomain& trust_domain, DiskWrites& disk) {
  auto folder = AuthorityFolder::Open(state_dir, disk);
  if (!folder) return folder.error();
  AuthorityStore store(*std::move(folder), trust_domain);
  if (auto read = store.ReadManifest(); !read) return read.error();
  return store;
}

Error AuthorityStore::Damaged(const std::string& name, const Error& why) const {
  return Error(ErrorCode::kDataLoss, why.Text())
      .Within(folder_.PathOf(name) +
              " cannot be used; restore it from a backup, or move the folder " + folder_.path() +
              " away to begin with a new authority, whose bundle every peer needs then");
}

Result<void> AuthorityStore::ReadManifest() {
  const std::string name(kManifestName);
  const auto text = folder_.Read(name, kLargestManifest);
  if (!text && text.error().code() == ErrorCode::kNotFound) {
    const auto files = folder_.List(kSuffix);
    if (!files) return files.error();
    // One alone is what a first start that was cut short leaves behind.
    if (files->size() > 1) return Damaged(name, text.error());
    manifest_.trust_domain = trust_domain_.name();
    return {};
  }
  if (!text) return text.error();
  auto manifest = ParseManifest(AsText(text->Reveal()));
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

Result<std::shared_ptr<const Signer>> AuthorityStore::ReadAuthority(const std::string& name) const {
  const auto text = folder_.Read(name, kLargestRootFile);
  if (!text) {
    const bool missing = text.error().code() == ErrorCode::kNotFound;
    return missing ? Damaged(name, text.error()) : text.error();
  }
  auto signer = ParseRoot(text->Reveal(), trust_domain_);
  if (!signer) return Damaged(name, signer.error());
  if (FileOf((*signer)->serial()) != name) {
    return Damaged(name, Error(ErrorCode::kDataLoss,
                               "it holds the authority of serial " + (*signer)->serial()));
  }
  return *std::move(signer);
}

Result<std::vector<StoredAuthority>> AuthorityStore::ReadAuthorities() const {
  std::vector<StoredAuthority> known;
  for (const Manifest::Item& item : manifest_.authorities) {
    auto signer = ReadAuthority(FileOf(item.serial));
    if (!signer) return signer.error();
    known.push_back({.signer = *std::move(signer), .phase = item.phase});
  }
  const auto files = folder_.List(kSuffix);
  if (!files) return files.error();
  std::vector<std::shared_ptr<const Signer>> unnamed;
  for (const std::string& name : *files) {
    const std::string serial = name.substr(0, name.size() - kSuffix.size());
    const auto& items = manifest_.authorities;
    if (std::ranges::find(items, serial, &Manifest::Item::serial) != items.end()) continue;
    auto signer = ReadAuthority(name);
    if (!signer) return signer.error();
    unnamed.push_back(*std::move(signer));
  }
  Adopt(known, unnamed);
  return known;
}

Result<void> AuthorityStore::WriteAuthority(const NewRoot& root) {
  return folder_.Replace(FileOf(root.signer->serial()), PrintRoot(root).Reveal());
}

Result<void> AuthorityStore::WriteManifest(Manifest manifest) {
  manifest.trust_domain = trust_domain_.name();
  const std::string text = PrintManifest(manifest);
  if (auto written = folder_.Replace(std::string(kManifestName), AsBytes(text)); !written) {
    return written.error();
  }
  manifest_ = std::move(manifest);
  return {};
}

Result<void> AuthorityStore::RemoveAuthority(const std::string& serial) {
  return folder_.Remove(FileOf(serial));
}

}  // namespace surety
