#include "agent/federation/operator_bundles.h"

#include <utility>

namespace surety {
namespace {

OperatorBundles::Details DetailsOf(const TrustDomain& trust_domain, const Operator& by) {
  return {{"bundle_of", trust_domain.name()},
          {"uid", std::to_string(by.uid)},
          {"pid", std::to_string(by.pid)}};
}

}  // namespace

std::vector<HeldBundle> OperatorBundles::HeldBundles() const {
  std::vector<HeldBundle> all;
  for (const auto& [name, bundle] : held_.Current()->by_name)
    all.push_back({.trust_domain = name,
                   .x509_authorities = static_cast<std::uint32_t>(bundle->x509_authorities.size()),
                   .jwt_keys = static_cast<std::uint32_t>(bundle->jwt_key_ring->size()),
                   .sequence = bundle->sequence,
                   .refresh_hint = bundle->refresh_hint,
                   .in_map = bundle->in_map});
  return all;
}

Result<std::string> OperatorBundles::BundleDocument(
    const std::optional<TrustDomain>& trust_domain) const {
  if (!trust_domain) return own_document_();
  const auto bundle = held_.Current()->Find(trust_domain->name());
  if (!bundle)
    return Error(ErrorCode::kNotFound, "there is no bundle of " + trust_domain->IdText());
  return bundle->document;
}

Result<BundleSetOutcome> OperatorBundles::SetBundle(const TrustDomain& trust_domain,
                                                    std::string_view document, const Operator& by) {
  auto outcome = held_.Set(trust_domain, document, ForeignBundles::From::kOperator);
  if (!outcome) return outcome.error();
  Details details = DetailsOf(trust_domain, by);
  details.emplace_back("changed", outcome->changed ? "true" : "false");
  note_("bundle.set", std::move(details));
  return BundleSetOutcome{.changed = outcome->changed, .warnings = std::move(outcome->warnings)};
}

Result<void> OperatorBundles::DeleteBundle(const TrustDomain& trust_domain, const Operator& by) {
  if (const auto bundle = held_.Current()->Find(trust_domain.name()); bundle && bundle->in_map)
    return Error(ErrorCode::kInvalidArgument, "the bundle of " + trust_domain.IdText() +
                                                  " comes from the bundle map: take it out there");
  if (auto deleted = held_.Delete(trust_domain); !deleted) return deleted.error();
  note_("bundle.deleted", DetailsOf(trust_domain, by));
  return {};
}

}  // namespace surety
