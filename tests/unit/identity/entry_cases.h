#pragma once

#include <string>
#include <vector>

#include "agent/identity/entries_file.h"
#include "tests/unit/identity/diagnostic_cases.h"

namespace surety {

inline std::vector<LocatedEntry> ParseEntriesFile(const std::string& text,
                                                  Diagnostics& diagnostics) {
  const EntryRules rules{.trust_domain = *TrustDomain::Parse("example.org"),
                         .default_ttl = Seconds(900),
                         .ca_ttl = Seconds(7 * 86'400),
                         .known_selectors = {"unix:uid", "unix:path", "unix:sha256", "cgroup"}};
  auto entries = ParseEntries("f.toml", text, rules, diagnostics);
  RefuseDuplicates(entries, diagnostics);
  return entries;
}

inline void ExpectEach(const std::vector<DiagnosticCase>& cases, Severity severity) {
  for (const auto& each : cases) {
    Diagnostics diagnostics;
    ParseEntriesFile(each.text, diagnostics);
    ExpectOne(each, severity, diagnostics);
  }
}

/// An entry of which the line after the heading is `line`, and the rest is right.
inline std::string EntryWith(const std::string& line) {
  return "[[entry]]\n" + line +
         "\nspiffe_id = \"spiffe://example.org/web\"\nselectors = [\"unix:uid:1\"]\n";
}
inline std::string EntryWithId(const std::string& value) {
  return "[[entry]]\nspiffe_id = " + value + "\nselectors = [\"unix:uid:1\"]\n";
}
inline std::string EntryWithSelectors(const std::string& value) {
  return "[[entry]]\nspiffe_id = \"spiffe://example.org/web\"\nselectors = " + value + "\n";
}

}  // namespace surety
