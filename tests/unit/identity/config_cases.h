#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "agent/config.h"
#include "tests/unit/identity/diagnostic_cases.h"

namespace surety {

/// A host with the user "web" (uid 1001) and the group "web" (gid 2001).
inline AccountIds Accounts() {
  return {[](const std::string& name) {
            return name == "web" ? std::optional<uid_t>(1001) : std::nullopt;
          },
          [](const std::string& name) {
            return name == "web" ? std::optional<gid_t>(2001) : std::nullopt;
          }};
}

inline std::optional<Config> Parse(const std::string& text, Diagnostics& diagnostics,
                                   const ConfigOverrides& overrides = {}) {
  return ParseConfig("f.toml", text, overrides, Accounts(), diagnostics);
}

inline void ExpectEach(const std::vector<DiagnosticCase>& cases, Severity severity) {
  for (const auto& each : cases) {
    Diagnostics diagnostics;
    const auto config = Parse(each.text, diagnostics);
    ExpectOne(each, severity, diagnostics);
    EXPECT_EQ(config.has_value(), severity == Severity::kWarning) << each.text;
  }
}

/// A right configuration with `lines` behind it, from line 2 on.
inline std::string With(const std::string& lines) {
  return "trust_domain = \"example.org\"\n" + lines + "\n";
}
inline std::string In(const std::string& section, const std::string& lines) {
  return With("[" + section + "]\n" + lines);
}

}  // namespace surety
