#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/identity/diagnostic.h"

namespace surety {

/// A text with one thing wrong with it, and what is to be said about that.
struct DiagnosticCase {
  std::string text;
  Position at;
  std::string what;  ///< Part of Diagnostic::what.
  std::string fix;   ///< Part of Diagnostic::fix.
};

inline std::string AllOf(const Diagnostics& diagnostics) {
  std::string out;
  for (const Diagnostic& item : diagnostics.items()) out += Render(item) + '\n';
  return out;
}

/// Exactly one diagnostic, of file "f.toml".
inline void ExpectOne(const DiagnosticCase& want, Severity severity, const Diagnostics& got) {
  SCOPED_TRACE(want.text.substr(0, 500) + "\n" + AllOf(got).substr(0, 2000));
  ASSERT_EQ(got.items().size(), 1U);
  const Diagnostic& item = got.items().front();
  EXPECT_EQ(item.file, "f.toml");
  EXPECT_EQ(item.at.line, want.at.line);
  EXPECT_EQ(item.at.column, want.at.column);
  EXPECT_EQ(item.severity, severity);
  EXPECT_THAT(item.what, testing::HasSubstr(want.what));
  EXPECT_THAT(item.fix, testing::HasSubstr(want.fix));
}

}  // namespace surety
