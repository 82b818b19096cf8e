#include "agent/command/bundle_orders.h"

#include <string>
#include <string_view>

#include "agent/command/advice.h"
#include "agent/command/input_file.h"
#include "agent/command/json_text.h"
#include "agent/command/text_table.h"
#include "agent/identity/duration_text.h"
#include "agent/issuance/bundle_document.h"
#include "attestors/printable.h"

namespace surety {
namespace {

Json JsonOf(const HeldBundle& bundle) {
  return {{"trust_domain", bundle.trust_domain},
          {"x509_authorities", bundle.x509_authorities},
          {"jwt_keys", bundle.jwt_keys},
          {"spiffe_sequence", bundle.sequence ? Json(*bundle.sequence) : Json(nullptr)},
          {"spiffe_refresh_hint", bundle.refresh_hint.count()},
          {"in_map", bundle.in_map}};
}

void PrintHeld(const std::vector<HeldBundle>& bundles, std::ostream& out) {
  if (bundles.empty()) {
    out << "No bundle of another trust domain is held.\n";
    return;
  }
  TextTable table({"TRUST DOMAIN", "X.509", "JWT", "SEQUENCE", "REFRESH"});
  for (const HeldBundle& one : bundles)
    table.Add({Printable("spiffe://" + one.trust_domain), std::to_string(one.x509_authorities),
               std::to_string(one.jwt_keys), one.sequence ? std::to_string(*one.sequence) : "-",
               one.in_map ? "bundle map" : DurationText(one.refresh_hint)});
  table.Print("", out);
}

// No document is, for that is JSON.
bool IsPem(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] != '{' &&
         text.find("-----BEGIN ") != std::string_view::npos;
}

// As a document, whichever of the two it is.
Result<std::string> DocumentIn(const std::string& file, std::istream& in) {
  auto document = ReadInput(file, in);
  if (!document) return document.error();
  if (IsPem(*document)) {
    document = BundleDocumentOfPem(*document);
    if (!document) return document.error().Within(Printable(file));
  }
  if (document->size() > kLargestSetBundle)
    return Error(ErrorCode::kInvalidArgument, Printable(file) + " has more than " +
                                                  std::to_string(kLargestSetBundle) +
                                                  " bytes: no bundle needs that many");
  return document;
}

}  // namespace

Result<void> ListBundles(const BundleListFlags& flags, AdminClient& client, std::ostream& out) {
  const auto all = client.ListBundles(flags.admin.timeout);
  if (!all) return AdvisedAdminError(all.error());
  if (flags.admin.output == OutputFormat::kText) {
    PrintHeld(*all, out);
    return {};
  }
  Json document{{"bundles", Json::array()}};
  for (const HeldBundle& one : *all) document["bundles"].push_back(JsonOf(one));
  out << JsonDocument(document);
  return {};
}

Result<void> SetBundle(const BundleSetFlags& flags, AdminClient& client, std::istream& in,
                       std::ostream& out) {
  const auto document = DocumentIn(flags.file, in);
  if (!document) return document.error();
  const auto outcome = client.SetBundle(flags.trust_domain, *document, flags.admin.timeout);
  if (!outcome) return AdvisedAdminError(outcome.error());
  if (flags.admin.output == OutputFormat::kJson) {
    out << JsonDocument(Json{{"changed", outcome->changed}, {"warnings", outcome->warnings}});
    return {};
  }
  out << (outcome->changed ? "Set: " : "As it was: ") << flags.trust_domain.IdText() << "\n";
  for (const std::string& warning : outcome->warnings)
    out << "Note: " << Printable(warning) << "\n";
  return {};
}

Result<void> DeleteBundle(const BundleDeleteFlags& flags, AdminClient& client, std::ostream& out) {
  if (auto deleted = client.DeleteBundle(flags.trust_domain, flags.admin.timeout); !deleted)
    return AdvisedAdminError(deleted.error());
  if (flags.admin.output == OutputFormat::kJson)
    out << JsonDocument(Json{{"deleted", flags.trust_domain.name()}});
  else
    out << "Deleted: nothing of " << flags.trust_domain.IdText() << " is trusted any more.\n";
  return {};
}

}  // namespace surety
