#include "agent/doctor/report.h"

#include <algorithm>
#include <string>

#include "agent/command/json_text.h"
#include "attestors/printable.h"

namespace surety {
namespace {

std::size_t Count(const Diagnosis& findings, Health health) {
  return static_cast<std::size_t>(std::ranges::count(findings, health, &Finding::health));
}

void PrintText(const Diagnosis& findings, std::ostream& out) {
  constexpr std::size_t kHealthWidth = 9;
  constexpr std::size_t kCheckWidth = 18;
  for (const Finding& one : findings) {
    std::string health(NameOf(one.health));
    health.resize(kHealthWidth, ' ');
    std::string check = one.check;
    check.resize(std::max(kCheckWidth, check.size() + 1), ' ');
    out << health << check << Printable(one.what) << "\n";
    if (!one.mend.empty())
      out << std::string(kHealthWidth, ' ') << "  -> " << Printable(one.mend) << "\n";
  }
  out << "\n"
      << (IsSound(findings) ? "sound" : "not sound") << ": " << Count(findings, Health::kBroken)
      << " broken, " << Count(findings, Health::kWarning) << " warnings, "
      << Count(findings, Health::kOk) << " ok\n";
}

void PrintJson(const Diagnosis& findings, std::ostream& out) {
  Json list = Json::array();
  for (const Finding& one : findings)
    list.push_back({{"check", one.check},
                    {"health", NameOf(one.health)},
                    {"what", one.what},
                    {"mend", one.mend}});
  out << JsonDocument({{"sound", IsSound(findings)}, {"findings", std::move(list)}});
}

}  // namespace

void PrintDiagnosis(const Diagnosis& findings, OutputFormat format, std::ostream& out) {
  if (format == OutputFormat::kJson)
    PrintJson(findings, out);
  else
    PrintText(findings, out);
}

}  // namespace surety
