#pragma once

#include <string>
#include <vector>

#include "conformance/rule.h"

namespace conformance {

/// A rule and what came of it.
struct Line {
  const Rule* rule;
  Verdict verdict;
};

/// "passed", "failed", "warning" (a rule that is not a MUST is broken) or "skipped".
std::string ResultOf(const Line& line);

std::string TextReport(const std::vector<Line>& lines);
std::string JsonReport(const std::string& socket, const std::vector<Line>& lines);

/// The rules as a table in Markdown.
std::string Table(const std::vector<const Rule*>& rules);

}  // namespace conformance
