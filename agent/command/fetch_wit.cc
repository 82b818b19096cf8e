#include "agent/command/fetch_wit.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/command/advice.h"
#include "agent/command/checked_wit.h"
#include "agent/command/json_text.h"
#include "agent/command/record_text.h"
#include "agent/command/svid_files.h"
#include "agent/command/time_text.h"
#include "attestors/printable.h"

namespace surety {
namespace {

void WitLine(std::ostream& out, std::string_view label, const std::string& value) {
  constexpr std::size_t kLabelWidth = 12;
  out << label << std::string(kLabelWidth - label.size(), ' ') << value << "\n";
}

void PrintWits(const std::vector<CheckedWit>& wits, const WrittenFiles& files,
               const FetchWitFlags& flags, WallTime now, std::ostream& out) {
  bool first = true;
  for (const CheckedWit& one : wits) {
    if (!std::exchange(first, false)) out << "\n";
    WitLine(out, "SPIFFE ID", Printable(one.spiffe_id));
    if (!one.hint.empty()) WitLine(out, "Hint", Printable(one.hint));
    WitLine(out, "Expires",
            Rfc3339(one.expires_at) + " (" + RelativeText(one.expires_at, now) + ")");
    WitLine(out, "Key", Printable(one.key_algorithm));
    WitLine(out, "Token", one.token);
  }
  if (!flags.write_folder) return;
  out << "\nWritten to " << Printable(*flags.write_folder) << ": "
      << Printable(Joined(files.written)) << "\n";
  if (!files.removed.empty())
    out << "Removed there, since it was withdrawn: " << Printable(Joined(files.removed)) << "\n";
}

void PrintWitsJson(const std::vector<CheckedWit>& wits, const WrittenFiles& files,
                   const FetchWitFlags& flags, WallTime now, std::ostream& out) {
  Json document{{"svids", Json::array()}};
  for (const CheckedWit& one : wits)
    document["svids"].push_back(
        {{"spiffe_id", one.spiffe_id},
         {"hint", one.hint},
         {"expires_at", Rfc3339(one.expires_at)},
         {"seconds_left", std::chrono::floor<Seconds>(one.expires_at - now).count()},
         {"key_algorithm", one.key_algorithm},
         {"token", one.token}});
  if (flags.write_folder)
    document["files"] = {
        {"folder", *flags.write_folder}, {"written", files.written}, {"removed", files.removed}};
  out << JsonDocument(document);
}

}  // namespace

Result<void> FetchWit(const FetchWitFlags& flags, WorkloadClient& client, const Endpoint& endpoint,
                      const Clock& clock, std::ostream& out) {
  auto answer = client.FetchWit(flags.spiffe_id.value_or(""), flags.timeout);
  if (!answer) return AdvisedWorkloadError(answer.error(), endpoint);
  std::vector<CheckedWit> wits;
  for (DeliveredWit& given : *answer) {
    auto checked = CheckWit(std::move(given));
    if (!checked) return checked.error();
    wits.push_back(*std::move(checked));
  }
  WrittenFiles files;
  if (flags.write_folder) {
    auto written = WriteWitFiles(wits, *flags.write_folder);
    if (!written) return written.error();
    files = *std::move(written);
  }
  const auto print = flags.output == OutputFormat::kJson ? PrintWitsJson : PrintWits;
  print(wits, files, flags, clock.Now().wall, out);
  return {};
}

}  // namespace surety
