#include "agent/command/entry_template.h"

#include <optional>
#include <string_view>

#include "agent/command/selector_text.h"
#include "agent/command/toml_text.h"

namespace surety {
namespace {

constexpr std::string_view kUid = "unix:uid";
constexpr std::string_view kPath = "unix:path";
constexpr std::string_view kHash = "unix:sha256";

// Lines for all selectors of one kind, each behind `lead`. One that no TOML
// string can hold becomes a comment whatever the lead.
std::string Lines(const Attestation& seen, std::string_view kind, std::string_view lead,
                  std::string_view remark = "") {
  std::string lines;
  for (const Selector& selector : seen.selectors) {
    if (selector.Kind() != kind) continue;
    const auto text = CopyableText(selector);
    lines += text ? std::string(lead) + TomlString(*text) + "," + std::string(remark)
                  : "  # cannot be written here: " + ShownText(selector);
    lines += "\n";
  }
  return lines;
}

std::string OtherLines(const Attestation& seen) {
  std::string lines;
  std::string last;
  for (const Selector& selector : seen.selectors) {
    const std::string kind = selector.Kind();
    if (kind == kUid || kind == kPath || kind == kHash || kind == last) continue;
    lines += Lines(seen, kind, "  # ");
    last = kind;
  }
  return lines;
}

// The executable's base name as far as a path segment may hold it.
std::string WorkloadName(const Attestation& seen) {
  std::string name;
  for (const Selector& selector : seen.selectors) {
    if (selector.Kind() != kPath) continue;
    for (const char c : selector.value.substr(selector.value.rfind('/') + 1)) {
      const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
      if (allowed) name += c;
    }
  }
  const bool usable = name.find_first_not_of('.') != std::string::npos;
  return usable ? name : "workload";
}

}  // namespace

std::string EntryTemplate(const Attestation& seen) {
  return "[[entry]]\n# Put your trust domain and the workload's own name here.\n"
         "spiffe_id = \"spiffe://example.org/" +
         WorkloadName(seen) + "\"\nselectors = [\n" + Lines(seen, kUid, "  ") +
         Lines(seen, kPath, "  ") +
         Lines(seen, kHash, "  # ", "  # this very build of the executable") + OtherLines(seen) +
         "]\n";
}

}  // namespace surety
