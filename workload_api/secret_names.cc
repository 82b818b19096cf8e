#include "workload_api/secret_names.h"

#include <algorithm>
#include <string_view>

#include "surety/spiffe_id.h"

namespace surety {
namespace {

constexpr std::size_t kLongestBrief = 256;

Result<WantedSecret::Kind> KindOf(const std::string& name, const SecretNames& known) {
  using Kind = WantedSecret::Kind;
  if (name == known.default_svid) return Kind::kDefaultSvid;
  // Until there are bundles of others, all of them are our own.
  if (name == known.default_bundle || name == known.all_bundles) return Kind::kOwnBundle;
  const auto id = SpiffeId::Parse(name);
  if (!id)
    return Error(ErrorCode::kInvalidArgument,
                 "secret \"" + BriefText(name) + "\" is not a SPIFFE ID and none of \"" +
                     known.default_svid + "\", \"" + known.default_bundle + "\" and \"" +
                     known.all_bundles + "\"");
  return id->path().empty() ? Kind::kBundle : Kind::kSvid;
}

}  // namespace

bool SecretDemand::WantsSvids() const {
  using Kind = WantedSecret::Kind;
  return wanted.empty() || std::ranges::any_of(wanted, [](const WantedSecret& one) {
           return one.kind == Kind::kDefaultSvid || one.kind == Kind::kSvid;
         });
}

Result<SecretDemand> ReadSecretDemand(std::span<const std::string> names,
                                      const SecretNames& known) {
  if (names.size() > kMostSecretNames)
    return Error(ErrorCode::kInvalidArgument,
                 std::to_string(names.size()) + " secrets are asked for; at most " +
                     std::to_string(kMostSecretNames) + " on one stream");
  SecretDemand demand;
  for (const std::string& name : names) {
    if (name.empty()) continue;
    if (name.size() > kLongestSecretName)
      return Error(ErrorCode::kInvalidArgument,
                   "the name of a secret has " + std::to_string(name.size()) + " bytes; at most " +
                       std::to_string(kLongestSecretName) + " are accepted");
    const auto kind = KindOf(name, known);
    if (!kind) return kind.error();
    demand.wanted.push_back({name, *kind});
  }
  std::ranges::sort(demand.wanted);
  demand.wanted.erase(std::unique(demand.wanted.begin(), demand.wanted.end()), demand.wanted.end());
  return demand;
}

std::string BriefText(std::string_view text) {
  std::string brief(text.substr(0, kLongestBrief));
  for (char& each : brief)
    if (each < ' ' || each > '~') each = '?';
  if (text.size() > kLongestBrief) brief += "...";
  return brief;
}

}  // namespace surety
