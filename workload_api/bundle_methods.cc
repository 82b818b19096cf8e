#include "workload_api/bundle_methods.h"

#include <string>

#include "admin.pb.h"
#include "workload_api/admin_row.h"

namespace surety {
namespace {

namespace pb = admin::v1;

Result<pb::GetBundleResponse> Get(const BundleActions& bundles,
                                  const pb::GetBundleRequest& request) {
  std::optional<TrustDomain> trust_domain;
  if (!request.trust_domain().empty()) {
    auto named = TrustDomain::Parse(request.trust_domain());
    if (!named) return named.error();
    trust_domain = *std::move(named);
  }
  auto document = bundles.BundleDocument(trust_domain);
  if (!document) return document.error();
  pb::GetBundleResponse response;
  response.set_document(*std::move(document));
  return response;
}

pb::ListBundlesResponse List(const BundleActions& bundles) {
  pb::ListBundlesResponse response;
  for (const HeldBundle& one : bundles.HeldBundles()) {
    pb::HeldBundle& out = *response.add_bundles();
    out.set_trust_domain(one.trust_domain);
    out.set_x509_authorities(one.x509_authorities);
    out.set_jwt_keys(one.jwt_keys);
    if (one.sequence) out.set_sequence(*one.sequence);
    out.set_refresh_hint_seconds(one.refresh_hint.count());
    out.set_in_map(one.in_map);
  }
  return response;
}

Result<pb::SetBundleResponse> Set(BundleActions& bundles, const pb::SetBundleRequest& request,
                                  const Operator& by) {
  const auto trust_domain = TrustDomain::Parse(request.trust_domain());
  if (!trust_domain) return trust_domain.error();
  const auto outcome = bundles.SetBundle(*trust_domain, request.document(), by);
  if (!outcome) return outcome.error();
  pb::SetBundleResponse response;
  response.set_changed(outcome->changed);
  for (const std::string& warning : outcome->warnings) response.add_warnings(warning);
  return response;
}

Result<pb::DeleteBundleResponse> Delete(BundleActions& bundles,
                                        const pb::DeleteBundleRequest& request,
                                        const Operator& by) {
  const auto trust_domain = TrustDomain::Parse(request.trust_domain());
  if (!trust_domain) return trust_domain.error();
  if (auto deleted = bundles.DeleteBundle(*trust_domain, by); !deleted) return deleted.error();
  return pb::DeleteBundleResponse();
}

}  // namespace

void AddBundleMethods(MethodTable& methods, BundleActions& bundles, AdminGate& gate) {
  const std::string service = "/surety.admin.v1.Admin/";
  methods[service + "GetBundle"] = AdminRow<pb::GetBundleRequest>(
      gate, [&bundles](const auto& request, const Operator&) { return Get(bundles, request); });
  methods[service + "ListBundles"] = AdminRow<pb::ListBundlesRequest>(
      gate, [&bundles](const auto&, const Operator&) { return Result(List(bundles)); });
  methods[service + "SetBundle"] = AdminRow<pb::SetBundleRequest>(
      gate,
      [&bundles](const auto& request, const Operator& by) { return Set(bundles, request, by); });
  methods[service + "DeleteBundle"] = AdminRow<pb::DeleteBundleRequest>(
      gate,
      [&bundles](const auto& request, const Operator& by) { return Delete(bundles, request, by); });
}

}  // namespace surety
