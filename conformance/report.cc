#include "conformance/report.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>

namespace conformance {
namespace {

std::string NameOf(Strength strength) {
  if (strength == Strength::kMust) return "MUST";
  return strength == Strength::kShould ? "SHOULD" : "usual";
}

std::string Padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

// What a server says may hold anything; a terminal is to show it as text.
std::string Printable(std::string text) {
  std::ranges::replace_if(
      text, [](unsigned char byte) { return std::iscntrl(byte) != 0 || byte >= 0x80; }, '?');
  return text;
}

std::map<std::string, int> CountsOf(const std::vector<Line>& lines) {
  std::map<std::string, int> counts = {
      {"passed", 0}, {"failed", 0}, {"warning", 0}, {"skipped", 0}};
  for (const Line& line : lines) ++counts[ResultOf(line)];
  return counts;
}

}  // namespace

std::string ResultOf(const Line& line) {
  if (line.verdict.result == Result::kKept) return "passed";
  if (line.verdict.result == Result::kSkipped) return "skipped";
  return line.rule->strength == Strength::kMust ? "failed" : "warning";
}

std::string TextReport(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) {
    text += Padded(std::string(line.rule->id), 6) + Padded(ResultOf(line), 9) +
            Padded(std::string(line.rule->section), 22) + std::string(line.rule->summary) + "\n";
    if (!line.verdict.reason.empty())
      text += std::string(15, ' ') + Printable(line.verdict.reason) + "\n";
  }
  const auto counts = CountsOf(lines);
  return text + "\n" + std::to_string(counts.at("passed")) + " passed, " +
         std::to_string(counts.at("failed")) + " failed, " + std::to_string(counts.at("warning")) +
         " warnings, " + std::to_string(counts.at("skipped")) + " skipped\n";
}

std::string JsonReport(const std::string& socket, const std::vector<Line>& lines) {
  nlohmann::ordered_json report = {{"socket", socket}, {"counts", CountsOf(lines)}};
  for (const Line& line : lines)
    report["rules"].push_back({{"id", line.rule->id},
                               {"result", ResultOf(line)},
                               {"strength", NameOf(line.rule->strength)},
                               {"section", line.rule->section},
                               {"summary", line.rule->summary},
                               {"reason", Printable(line.verdict.reason)}});
  return report.dump(2) + "\n";
}

std::string Table(const std::vector<const Rule*>& rules) {
  std::string text = "| id | section | | rule | not checked, since |\n|---|---|---|---|---|\n";
  for (const Rule* rule : rules)
    text += "| " + std::string(rule->id) + " | " + std::string(rule->section) + " | " +
            NameOf(rule->strength) + " | " + std::string(rule->summary) + " | " +
            std::string(rule->unseen) + " |\n";
  return text;
}

}  // namespace conformance
