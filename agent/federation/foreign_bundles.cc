#include "agent/federation/foreign_bundles.h"

#include <algorithm>
#include <span>
#include <utility>

namespace surety {
namespace {

constexpr std::string_view kSuffix = ".json";
// With the suffixes of the file and of a write under way, within NAME_MAX.
constexpr std::size_t kLongestName = 240;

std::string FileOf(const std::string& name) { return name + std::string(kSuffix); }

Error NotTaken(std::string why) { return {ErrorCode::kInvalidArgument, std::move(why)}; }

std::span<const std::uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

Result<std::unique_ptr<ForeignBundles>> ForeignBundles::Open(const std::string& state_dir,
                                                             TrustDomain own,
                                                             std::function<void()> changed) {
  static DiskWrites disk;
  return Open(state_dir, std::move(own), std::move(changed), disk);
}

Result<std::unique_ptr<ForeignBundles>> ForeignBundles::Open(const std::string& state_dir,
                                                             TrustDomain own,
                                                             std::function<void()> changed,
                                                             DiskWrites& disk) {
  auto folder = AuthorityFolder::Open(state_dir, disk, "bundles");
  if (!folder) return folder.error();
  std::unique_ptr<ForeignBundles> bundles(
      new ForeignBundles(*std::move(folder), std::move(own), std::move(changed)));
  if (auto read = bundles->ReadAll(); !read) return read.error();
  return bundles;
}

Result<void> ForeignBundles::ReadAll() {
  const auto files = folder_.List(kSuffix);
  if (!files) return files.error();
  for (const std::string& file : *files) {
    const std::string name = file.substr(0, file.size() - kSuffix.size());
    auto bundle = ReadOne(file);
    if (bundle)
      Show(name, std::make_shared<const ForeignBundle>(*std::move(bundle)));
    else
      damaged_[name] = folder_.PathOf(file) + " cannot be used, so nothing of spiffe://" + name +
                       " is trusted: " + bundle.error().Text() +
                       ". Set or delete that bundle (surety bundle)";
  }
  return {};
}

Result<ForeignBundle> ForeignBundles::ReadOne(const std::string& file) const {
  const auto trust_domain = TrustDomain::Parse(file.substr(0, file.size() - kSuffix.size()));
  if (!trust_domain) return trust_domain.error().Within("it is not named after a trust domain");
  if (*trust_domain == own_) return NotTaken("it is of our own trust domain");
  const auto content = folder_.Read(file, kMostBundleDocumentBytes);
  if (!content) return content.error();
  const auto bytes = content->Reveal();
  return ReadBundleDocument(*trust_domain,
                            {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Result<ForeignBundles::SetOutcome> ForeignBundles::Judge(const ForeignBundle* held,
                                                         const ForeignBundle& next,
                                                         From from) const {
  SetOutcome outcome{.changed = held == nullptr || !held->TrustsTheSameAs(next),
                     .warnings = next.ignored};
  if (next.x509_authorities.empty() && next.jwt_key_ring->empty() && next.wit_keys.empty())
    outcome.warnings.emplace_back("it has no usable key: nothing of " + next.trust_domain.IdText() +
                                  " is trusted");
  if (held != nullptr && held->sequence && next.sequence && *next.sequence < *held->sequence) {
    const std::string older = "its spiffe_sequence is " + std::to_string(*next.sequence) +
                              ", and the bundle held has " + std::to_string(*held->sequence) +
                              ": it is an older one";
    if (from == From::kEndpoint) return NotTaken(older);
    outcome.warnings.push_back(older);
  }
  return outcome;
}

Result<ForeignBundles::SetOutcome> ForeignBundles::Set(const TrustDomain& trust_domain,
                                                       std::string_view document, From from) {
  const std::string& name = trust_domain.name();
  if (trust_domain == own_)
    return NotTaken(own_.IdText() + " is our own trust domain, whose bundle comes from its CA");
  if (name.size() > kLongestName)
    return NotTaken("the name of the trust domain has more than " + std::to_string(kLongestName) +
                    " characters");
  auto next = ReadBundleDocument(trust_domain, document);
  if (!next) return next.error();
  SetOutcome outcome;
  {
    const std::lock_guard writing(writing_);
    const auto current = Current();
    const auto held = current->Find(name);
    if (held && held->in_map)
      return NotTaken("the bundle of " + trust_domain.IdText() +
                      " comes from the bundle map: change it there, or take it out first");
    if (!held && current->by_name.size() >= kMostForeignBundles)
      return Error(ErrorCode::kResourceExhausted,
                   std::to_string(kMostForeignBundles) + " bundles are held: delete one first");
    auto judged = Judge(held.get(), *next, from);
    if (!judged) return judged.error();
    outcome = *std::move(judged);
    if (held && held->document == next->document) return outcome;
    if (auto written = folder_.Replace(FileOf(name), BytesOf(document)); !written)
      return written.error();
    Show(name, std::make_shared<const ForeignBundle>(*std::move(next)));
  }
  if (outcome.changed) changed_();
  return outcome;
}

Result<void> ForeignBundles::Delete(const TrustDomain& trust_domain) {
  const std::string& name = trust_domain.name();
  {
    const std::lock_guard writing(writing_);
    if (const auto held = Current()->Find(name); held && held->in_map)
      return Error(ErrorCode::kNotFound, "there is no bundle of " + trust_domain.IdText() +
                                             " but the one in the bundle map: take it out there");
    const auto files = folder_.List(FileOf(name));
    if (!files) return files.error();
    if (std::ranges::find(*files, FileOf(name)) == files->end())
      return Error(ErrorCode::kNotFound, "there is no bundle of " + trust_domain.IdText());
    if (auto removed = folder_.Remove(FileOf(name)); !removed) return removed.error();
    Show(name, nullptr);
  }
  changed_();
  return {};
}

Result<ForeignBundles::MapOutcome> ForeignBundles::TakeMap(std::vector<ForeignBundle> bundles) {
  MapOutcome outcome;
  {
    const std::lock_guard writing(writing_);
    const auto before = Current();
    ForeignBundleSet next = *before;
    ++next.revision;
    std::erase_if(next.by_name, [](const auto& item) { return item.second->in_map; });
    for (ForeignBundle& bundle : bundles) {
      const std::string name = bundle.trust_domain.name();
      next.by_name.insert_or_assign(name, std::make_shared<const ForeignBundle>(std::move(bundle)));
    }
    if (next.by_name.size() > kMostForeignBundles)
      return Error(ErrorCode::kResourceExhausted,
                   "with it more than " + std::to_string(kMostForeignBundles) +
                       " bundles would be held: have fewer in it, or delete others");
    outcome = Compare(*before, next);
    if (auto removed = RemoveFilesOfMapped(next); !removed) return removed.error();
    Show(std::move(next));
  }
  if (!outcome.added.empty() || !outcome.changed.empty() || !outcome.withdrawn.empty()) changed_();
  return outcome;
}

ForeignBundles::MapOutcome ForeignBundles::Compare(const ForeignBundleSet& before,
                                                   const ForeignBundleSet& next) const {
  MapOutcome outcome;
  for (const auto& [name, bundle] : next.by_name) {
    const auto held = before.Find(name);
    if (held == bundle) continue;
    if (!held)
      outcome.added.push_back(name);
    else if (!held->TrustsTheSameAs(*bundle))
      outcome.changed.push_back(name);
    if (held && !held->in_map)
      outcome.warnings.push_back("the bundle of " + name +
                                 " that was set is deleted: the bundle map has one");
    if (held && held->document == bundle->document) continue;
    const auto judged = Judge(held.get(), *bundle, From::kOperator);
    if (!judged) continue;
    for (const std::string& warning : judged->warnings)
      outcome.warnings.push_back("the bundle of " + name + ": " + warning);
  }
  for (const auto& [name, bundle] : before.by_name)
    if (!next.Find(name)) outcome.withdrawn.push_back(name);
  return outcome;
}

Result<void> ForeignBundles::RemoveFilesOfMapped(const ForeignBundleSet& next) {
  const auto files = folder_.List(kSuffix);
  if (!files) return files.error();
  for (const std::string& file : *files) {
    const auto bundle = next.Find(file.substr(0, file.size() - kSuffix.size()));
    if (!bundle || !bundle->in_map) continue;
    if (auto removed = folder_.Remove(file); !removed) return removed.error();
  }
  return {};
}

void ForeignBundles::Show(ForeignBundleSet next) {
  const std::lock_guard lock(mutex_);
  std::erase_if(damaged_, [&](const auto& item) { return next.Find(item.first) != nullptr; });
  current_ = std::make_shared<const ForeignBundleSet>(std::move(next));
}

void ForeignBundles::Show(const std::string& name, std::shared_ptr<const ForeignBundle> bundle) {
  const std::lock_guard lock(mutex_);
  damaged_.erase(name);
  ForeignBundleSet next = *current_;
  ++next.revision;
  if (bundle)
    next.by_name.insert_or_assign(name, std::move(bundle));
  else
    next.by_name.erase(name);
  current_ = std::make_shared<const ForeignBundleSet>(std::move(next));
}

std::shared_ptr<const ForeignBundleSet> ForeignBundles::Current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

std::vector<std::string> ForeignBundles::Degraded() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> sentences;
  for (const auto& [name, sentence] : damaged_) sentences.push_back(sentence);
  return sentences;
}

}  // namespace surety
