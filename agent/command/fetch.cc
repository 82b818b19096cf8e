#include "agent/command/fetch.h"

#include <string>
#include <string_view>
#include <utility>

#include "agent/command/advice.h"
#include "agent/command/checked_update.h"
#include "agent/command/json_text.h"
#include "agent/command/svid_files.h"
#include "agent/command/time_text.h"
#include "attestors/printable.h"

namespace surety {
namespace {

std::string Count(std::size_t number, std::string_view one, std::string_view many) {
  return std::to_string(number) + " " + std::string(number == 1 ? one : many);
}

std::string Joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + Printable(item);
  return text;
}

void Line(std::ostream& out, std::string_view label, const std::string& value) {
  constexpr std::size_t kLabelWidth = 12;
  out << label << std::string(kLabelWidth - label.size(), ' ') << value << "\n";
}

std::string ValidityText(const CertificateView& leaf, WallTime now) {
  std::string text = Rfc3339(leaf.not_before) + " to " + Rfc3339(leaf.not_after) + " (";
  if (now < leaf.not_before) return text + "begins " + RelativeText(leaf.not_before, now) + ")";
  if (now >= leaf.not_after) return text + "expired " + RelativeText(leaf.not_after, now) + ")";
  return text + SpanText(leaf.not_after - now) + " left)";
}

void PrintSvid(const CheckedSvid& svid, WallTime now, std::ostream& out) {
  Line(out, "SPIFFE ID", svid.id.Text());
  if (!svid.hint.empty()) Line(out, "Hint", Printable(svid.hint));
  Line(out, "Serial", svid.leaf.serial);
  Line(out, "Valid", ValidityText(svid.leaf, now));
  Line(out, "Key", svid.leaf.key_type);
  if (!svid.leaf.dns_names.empty()) Line(out, "DNS names", Joined(svid.leaf.dns_names));
  Line(out, "Chain", Count(svid.chain_der.size(), "certificate", "certificates"));
  Line(out, "Bundle",
       svid.id.trust_domain().name() + ", " +
           Count(svid.bundle_der.size(), "authority", "authorities"));
}

void PrintText(const CheckedUpdate& update, const WrittenFiles& files, const FetchFlags& flags,
               WallTime now, std::ostream& out) {
  for (std::size_t i = 0; i < update.svids.size(); ++i) {
    if (i > 0) out << "\n";
    PrintSvid(update.svids[i], now, out);
  }
  if (!update.federated.empty()) out << "\n";
  for (const auto& [trust_domain, authorities] : update.federated)
    Line(out, "Federated",
         trust_domain.name() + ", " + Count(authorities.size(), "authority", "authorities"));
  if (!update.crls.empty()) Line(out, "CRLs", std::to_string(update.crls.size()));
  if (!flags.write_folder) return;
  out << "\nWritten to " << Printable(*flags.write_folder) << ": " << Joined(files.written) << "\n";
  if (!files.removed.empty())
    out << "Removed there, since it was withdrawn: " << Joined(files.removed) << "\n";
}

Json SvidJson(const CheckedSvid& svid, WallTime now) {
  const auto left = std::chrono::floor<std::chrono::seconds>(svid.leaf.not_after - now).count();
  return {
      {"spiffe_id", svid.id.Text()},
      {"hint", svid.hint},
      {"serial", svid.leaf.serial},
      {"not_before", Rfc3339(svid.leaf.not_before)},
      {"not_after", Rfc3339(svid.leaf.not_after)},
      {"seconds_left", left},
      {"key_type", svid.leaf.key_type},
      {"subject", svid.leaf.subject},
      {"dns_names", svid.leaf.dns_names},
      {"chain_length", svid.chain_der.size()},
      {"bundle",
       {{"trust_domain", svid.id.trust_domain().name()}, {"authorities", svid.bundle_der.size()}}}};
}

void PrintJson(const CheckedUpdate& update, const WrittenFiles& files, const FetchFlags& flags,
               WallTime now, std::ostream& out) {
  Json document{
      {"svids", Json::array()}, {"federated_bundles", Json::array()}, {"crls", update.crls.size()}};
  for (const CheckedSvid& svid : update.svids) document["svids"].push_back(SvidJson(svid, now));
  for (const auto& [trust_domain, authorities] : update.federated)
    document["federated_bundles"].push_back(
        {{"trust_domain", trust_domain.name()}, {"authorities", authorities.size()}});
  if (flags.write_folder)
    document["files"] = {
        {"folder", *flags.write_folder}, {"written", files.written}, {"removed", files.removed}};
  out << JsonDocument(document);
}

}  // namespace

Result<void> FetchX509(const FetchFlags& flags, WorkloadClient& client, const Endpoint& endpoint,
                       const Clock& clock, std::ostream& out) {
  auto answer = client.FetchX509(flags.timeout);
  if (!answer) return AdvisedWorkloadError(answer.error(), endpoint);
  const auto update = CheckUpdate(*std::move(answer));
  if (!update) return update.error();
  WrittenFiles files;
  if (flags.write_folder) {
    auto written = WriteSvidFiles(*update, *flags.write_folder);
    if (!written) return written.error();
    files = *std::move(written);
  }
  const auto print = flags.output == OutputFormat::kJson ? PrintJson : PrintText;
  print(*update, files, flags, clock.Now().wall, out);
  return {};
}

}  // namespace surety
