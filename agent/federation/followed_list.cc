#include "agent/federation/followed_list.h"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "agent/issuance/authority_folder.h"
#include "agent/issuance/der_writer.h"

namespace surety {
namespace {

constexpr const char* kFolder = "following";
constexpr const char* kList = "trust-domains";
constexpr std::size_t kMostListBytes = 1'048'576;

Result<std::vector<TrustDomain>> ReadList(const AuthorityFolder& folder) {
  const auto content = folder.Read(kList, kMostListBytes);
  if (!content && content.error().code() == ErrorCode::kNotFound) return std::vector<TrustDomain>();
  if (!content) return content.error();
  std::vector<TrustDomain> names;
  std::istringstream lines{std::string(AsText(content->Reveal()))};
  for (std::string line; std::getline(lines, line);) {
    auto name = TrustDomain::Parse(line);
    if (!name)
      return Error(ErrorCode::kDataLoss, folder.PathOf(kList) +
                                             " is damaged: " + name.error().Text() +
                                             ". Delete it, and with surety bundle delete the "
                                             "bundles that are no longer to be believed");
    names.push_back(*std::move(name));
  }
  return names;
}

Result<void> WriteList(AuthorityFolder& folder, const std::vector<TrustDomain>& followed) {
  std::string text;
  for (const TrustDomain& each : followed) text += each.name() + "\n";
  return folder.Replace(kList, AsBytes(text));
}

}  // namespace

Result<std::vector<TrustDomain>> EndUnfollowed(const std::string& state_dir, ForeignBundles& held,
                                               const std::vector<TrustDomain>& followed) {
  static DiskWrites disk;
  std::error_code ignored;
  if (followed.empty() && !std::filesystem::exists(state_dir + "/" + kFolder, ignored))
    return std::vector<TrustDomain>();
  auto folder = AuthorityFolder::Open(state_dir, disk, kFolder);
  if (!folder) return folder.error();
  const auto before = ReadList(*folder);
  if (!before) return before.error();
  std::vector<TrustDomain> ended;
  for (const TrustDomain& each : *before) {
    if (std::ranges::find(followed, each) != followed.end()) continue;
    const auto deleted = held.Delete(each);
    if (deleted)
      ended.push_back(each);
    else if (deleted.error().code() != ErrorCode::kNotFound)
      return deleted.error().Within("deleting the bundle of " + each.name());
  }
  // Behind the bundles: whatever is left of them when we die is deleted the next time.
  if (*before != followed)
    if (auto written = WriteList(*folder, followed); !written) return written.error();
  return ended;
}

}  // namespace surety
