#include "workload_api/secret_selection.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace surety {
namespace {

using Svids = std::span<const std::shared_ptr<const X509Svid>>;

/// FNV-1a: names a state, protects nothing.
class Fingerprint {
 public:
  void Add(std::string_view text) {
    for (const char each : text) Mix(static_cast<unsigned char>(each));
    // So that "ab", "c" is not "a", "bc".
    for (std::size_t left = text.size(), i = 0; i < sizeof left; ++i, left >>= 8U)
      Mix(static_cast<unsigned char>(left & 0xFFU));
  }
  [[nodiscard]] std::string Hex() const {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (unsigned shift = 64; shift > 0; shift -= 4) text += kDigits[value_ >> (shift - 4) & 0xFU];
    return text;
  }

 private:
  void Mix(unsigned char byte) { value_ = (value_ ^ byte) * 0x100000001B3U; }
  std::uint64_t value_ = 0xCBF29CE484222325U;
};

std::optional<ChosenSecret> Choose(const WantedSecret& wanted, Svids svids,
                                   const std::shared_ptr<const BundleSet>& bundles) {
  switch (wanted.kind) {
    case WantedSecret::Kind::kDefaultSvid:
      if (svids.empty()) return std::nullopt;
      return ChosenSecret{.name = wanted.name, .svid = svids.front()};
    case WantedSecret::Kind::kSvid: {
      const auto at = std::ranges::find_if(
          svids, [&](const auto& svid) { return svid->id.Text() == wanted.name; });
      if (at == svids.end()) return std::nullopt;
      return ChosenSecret{.name = wanted.name, .svid = *at};
    }
    case WantedSecret::Kind::kOwnBundle:
      return ChosenSecret{.name = wanted.name, .bundles = bundles};
    case WantedSecret::Kind::kBundle: break;
  }
  if (wanted.name == bundles->trust_domain.IdText())
    return ChosenSecret{.name = wanted.name, .bundles = bundles};
  const auto id = SpiffeId::Parse(wanted.name);
  if (!id || !bundles->federated.contains(id->trust_domain().name())) return std::nullopt;
  return ChosenSecret{
      .name = wanted.name, .bundles = bundles, .foreign = id->trust_domain().name()};
}

std::vector<WantedSecret> AllOf(Svids svids, const BundleSet& bundles) {
  std::vector<WantedSecret> all{{bundles.trust_domain.IdText(), WantedSecret::Kind::kBundle}};
  for (const auto& [name, authorities] : bundles.federated)
    all.push_back({"spiffe://" + name, WantedSecret::Kind::kBundle});
  for (const auto& svid : svids) {
    WantedSecret one{svid->id.Text(), WantedSecret::Kind::kSvid};
    // Two SVIDs of one SPIFFE ID have one name, which the first takes.
    if (std::ranges::find(all, one) == all.end()) all.push_back(std::move(one));
  }
  return all;
}

}  // namespace

const std::vector<std::string>& ChosenSecret::authorities() const {
  return foreign.empty() ? bundles->x509_authorities : bundles->federated.at(foreign);
}

std::span<const std::string> ChosenSecret::crls() const {
  if (!foreign.empty()) return {};
  return bundles->crls;
}

bool ChosenSecret::operator==(const ChosenSecret& other) const {
  if (name != other.name || !svid != !other.svid) return false;
  if (svid) return svid == other.svid || svid->chain_der == other.svid->chain_der;
  if (foreign != other.foreign) return false;
  return bundles == other.bundles ||
         (authorities() == other.authorities() && std::ranges::equal(crls(), other.crls()));
}

std::string ChosenSecrets::Version() const {
  Fingerprint fingerprint;
  for (const ChosenSecret& one : secrets) {
    fingerprint.Add(one.name);
    if (one.svid) {
      for (const std::string& der : one.svid->chain_der) fingerprint.Add(der);
      continue;
    }
    for (const std::string& der : one.authorities()) fingerprint.Add(der);
    fingerprint.Add({});
    for (const std::string& der : one.crls()) fingerprint.Add(der);
  }
  return fingerprint.Hex();
}

Result<ChosenSecrets> ChooseSecrets(const SecretDemand& demand, Svids svids,
                                    const std::shared_ptr<const BundleSet>& bundles) {
  ChosenSecrets chosen;
  std::string missing;
  bool trusts_own = false;
  const auto wanted = demand.wanted.empty() ? AllOf(svids, *bundles) : demand.wanted;
  for (const WantedSecret& one : wanted) {
    auto secret = Choose(one, svids, bundles);
    if (!secret) {
      missing += (missing.empty() ? "\"" : ", \"") + one.name + "\"";
      continue;
    }
    trusts_own = trusts_own || (!secret->svid && secret->foreign.empty());
    chosen.secrets.push_back(*std::move(secret));
  }
  if (!missing.empty())
    return Error(ErrorCode::kInvalidArgument,
                 "the caller has no right to the secrets " + BriefText(missing));
  // Without any CRL an Envoy lets in whoever was revoked; with the last one it had it does not.
  if (trusts_own && bundles->crls_left_out)
    return Error(ErrorCode::kUnavailable,
                 "the revocation lists are too large to be sent, and what to trust is not sent "
                 "without them");
  return chosen;
}

}  // namespace surety
