#include "agent/command/orders.h"

#include <string>

#include "agent/command/advice.h"
#include "agent/command/json_text.h"
#include "agent/command/text_table.h"
#include "agent/command/time_text.h"
#include "attestors/printable.h"

namespace surety {
namespace {

Json QuarantineJson(const Quarantine& quarantine) {
  const auto text = [](const std::string& value) {
    return value.empty() ? Json(nullptr) : Json(value);
  };
  return {{"id", quarantine.id},
          {"lineage", text(quarantine.lineage)},
          {"entry", text(quarantine.entry_id)},
          {"reason", quarantine.reason},
          {"decision", text(quarantine.decision)},
          {"since", JsonTime(quarantine.since)},
          {"until", JsonTime(quarantine.until)}};
}

std::string Or(const std::string& text, const char* none) {
  return text.empty() ? none : Printable(text);
}

std::string EndText(const Quarantine& quarantine, WallTime now) {
  return quarantine.until ? RelativeText(*quarantine.until, now) : "when released";
}

// "lineage unit:/system.slice/web.service, entry web"
std::string SubjectText(const Quarantine& quarantine) {
  if (quarantine.lineage.empty()) return "entry " + Printable(quarantine.entry_id);
  std::string text = "lineage " + Printable(quarantine.lineage);
  if (!quarantine.entry_id.empty()) text += ", entry " + Printable(quarantine.entry_id);
  return text;
}

void PrintTable(const std::vector<Quarantine>& quarantines, WallTime now, std::ostream& out) {
  if (quarantines.empty()) {
    out << "Nothing is in quarantine.\n";
    return;
  }
  TextTable table({"ID", "LINEAGE", "ENTRY", "SINCE", "ENDS", "DECISION", "REASON"});
  for (const Quarantine& one : quarantines)
    table.Add({std::to_string(one.id), Or(one.lineage, "any"), Or(one.entry_id, "any"),
               RelativeText(one.since, now), EndText(one, now), Or(one.decision, "-"),
               Printable(one.reason)});
  table.Print("", out);
}

}  // namespace

Result<void> ListQuarantines(const QuarantineListFlags& flags, AdminClient& client,
                             const Clock& clock, std::ostream& out) {
  const auto all = client.ListQuarantines(flags.admin.timeout);
  if (!all) return AdvisedAdminError(all.error());
  if (flags.admin.output == OutputFormat::kText) {
    PrintTable(*all, clock.Now().wall, out);
    return {};
  }
  Json document{{"quarantines", Json::array()}};
  for (const Quarantine& one : *all) document["quarantines"].push_back(QuarantineJson(one));
  out << JsonDocument(document);
  return {};
}

Result<void> AddQuarantine(const QuarantineAddFlags& flags, AdminClient& client, const Clock& clock,
                           std::ostream& out) {
  const auto added = client.AddQuarantine(flags.order, flags.admin.timeout);
  if (!added) return AdvisedAdminError(added.error());
  if (flags.admin.output == OutputFormat::kJson)
    out << JsonDocument(QuarantineJson(*added));
  else
    out << "In quarantine: " << SubjectText(*added) << "\n"
        << "It ends " << EndText(*added, clock.Now().wall) << "; to release it: surety quarantine "
        << "release " << added->id << " --reason TEXT\n";
  return {};
}

Result<void> ReleaseQuarantine(const QuarantineReleaseFlags& flags, AdminClient& client,
                               std::ostream& out) {
  const auto released = client.ReleaseQuarantine(flags.id, flags.reason, flags.admin.timeout);
  if (!released) return AdvisedAdminError(released.error());
  if (flags.admin.output == OutputFormat::kJson)
    out << JsonDocument(QuarantineJson(*released));
  else
    out << "Released: " << SubjectText(*released)
        << "\nIts processes are looked at from scratch when they ask again.\n";
  return {};
}

Result<void> RevokeSvids(const RevokeFlags& flags, AdminClient& client, std::ostream& out) {
  const auto revoked = client.RevokeSvids(flags.order, flags.admin.timeout);
  if (!revoked) return AdvisedAdminError(revoked.error());
  if (flags.admin.output == OutputFormat::kJson)
    out << JsonDocument(Json{{"revoked", *revoked}});
  else if (*revoked == 0)
    out << "No live SVID fits: nothing was revoked.\n";
  else
    out << *revoked << (*revoked == 1 ? " SVID" : " SVIDs") << " revoked.\n";
  return {};
}

}  // namespace surety
