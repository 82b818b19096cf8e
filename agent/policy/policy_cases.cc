#include "agent/policy/policy_cases.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "agent/identity/nearest_name.h"
#include "agent/identity/toml_reader.h"
#include "agent/policy/obligation_words.h"
#include "agent/policy/written_facts.h"
#include "agent/policy/written_values.h"

namespace surety {
namespace {

constexpr std::size_t kMostIds = 100;
constexpr std::array<Verdict, 4> kVerdicts{Verdict::kAllow, Verdict::kRefuse, Verdict::kChallenge,
                                           Verdict::kUndecided};

class CaseReader {
 public:
  CaseReader(const toml::table& table, FileDiagnostics& diagnostics)
      : keys_(table, "[[case]]", diagnostics), diagnostics_(diagnostics) {}

  PolicyCase Read() {
    out_.file = diagnostics_.file();
    out_.at = keys_.at();
    if (auto name = keys_.String("name", "\"another program\"")) {
      out_.name = std::move(name->value);
      out_.at = name->at;
    } else if (!keys_.Has("name")) {
      diagnostics_.Error(out_.at, "the case has no name", "write name = \"what it shows\"");
    }
    ReadVerdict();
    if (auto reason = keys_.String("reason", "\"drift.executable\""))
      out_.reason = std::move(reason->value);
    out_.policies = ReadIds("policies");
    out_.observed = ReadIds("observed");
    ReadObligations();
    ReadCaseFacts();
    keys_.RefuseUnknownKeys();
    return std::move(out_);
  }

 private:
  void ReadVerdict() {
    const auto word = keys_.String("expect", "\"refuse\"");
    if (!word) {
      if (!keys_.Has("expect"))
        diagnostics_.Error(out_.at, "the case expects nothing",
                           "write expect = \"allow\", \"refuse\", \"challenge\" or \"undecided\"");
      return;
    }
    const auto* const verdict = std::find_if(kVerdicts.begin(), kVerdicts.end(), [&](Verdict one) {
      return NameOf(one) == word->value;
    });
    if (verdict == kVerdicts.end()) {
      diagnostics_.Error(word->at, "no verdict is called " + Quoted(word->value),
                         "write \"allow\", \"refuse\", \"challenge\" or \"undecided\"");
    } else {
      out_.verdict = *verdict;
    }
  }

  std::optional<std::vector<std::string>> ReadIds(std::string_view key) {
    const auto ids = keys_.Strings(key, "[\"drift.executable\"]", kMostIds);
    if (!ids) return std::nullopt;
    std::vector<std::string> out;
    for (const auto& id : *ids) out.push_back(id.value);
    std::sort(out.begin(), out.end());
    return out;
  }

  void ReadObligations() {
    const auto words = keys_.Strings("obligations", "[\"quarantine 1h\"]", kMostIds);
    if (!words) return;
    out_.obligations.emplace();
    for (const auto& word : *words)
      if (!AddObligation(word.value, *out_.obligations))
        diagnostics_.Error(
            word.at, "no obligation is written " + Quoted(word.value),
            R"(write "revoke", "quarantine", "quarantine 1h", "alert" or "ttl_cap 5m")");
  }

  void ReadCaseFacts() {
    const toml::table* facts = keys_.Table("facts", "[case.facts]");
    if (facts == nullptr && keys_.Has("facts")) return;
    const WrittenValues written = facts == nullptr ? WrittenValues{} : ValuesOf(*facts);
    if (auto complete = FactsFrom(written, diagnostics_)) out_.facts = *std::move(complete);
  }

  TomlTable keys_;
  FileDiagnostics& diagnostics_;
  PolicyCase out_;
};

void RefuseEqualNames(const std::vector<PolicyCase>& cases, FileDiagnostics& diagnostics) {
  std::map<std::string_view, Position> seen;
  for (const PolicyCase& one : cases) {
    if (one.name.empty()) continue;
    const auto [first, is_new] = seen.emplace(one.name, one.at);
    if (!is_new)
      diagnostics.Error(
          one.at, "the name " + Quoted(one.name) + " is taken",
          "choose another one; it stands in line " + std::to_string(first->second.line));
  }
}

std::string Joined(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items) out.append(out.empty() ? "" : ", ").append(item);
  return out.empty() ? "none" : out;
}

std::vector<std::string> Sorted(std::vector<std::string> items) {
  std::sort(items.begin(), items.end());
  return items;
}

}  // namespace

std::vector<PolicyCase> ReadPolicyCases(std::string_view text, FileDiagnostics& diagnostics) {
  const auto table = ParseToml(text, diagnostics);
  if (!table) return {};
  TomlTable keys(*table, "", diagnostics);
  const auto tables = keys.Tables("case", "[[case]]");
  keys.RefuseUnknownKeys();
  if (tables.empty() && !keys.Has("case"))
    diagnostics.Error({}, "has no case", "begin one with the heading [[case]]");
  if (tables.size() > kMaxCases) {
    diagnostics.Error({}, "has more than " + std::to_string(kMaxCases) + " cases",
                      "spread them over several files");
    return {};
  }
  std::vector<PolicyCase> out;
  out.reserve(tables.size());
  for (const toml::table* one : tables) out.push_back(CaseReader(*one, diagnostics).Read());
  RefuseEqualNames(out, diagnostics);
  return out;
}

std::vector<std::string> Differences(const PolicyCase& expected, const Decision& decision) {
  std::vector<std::string> out;
  const auto compare = [&](const char* what, const std::string& want, const std::string& have) {
    if (want != have) out.push_back(std::string(what) + ": expected " + want + ", and is " + have);
  };
  compare("verdict", std::string(NameOf(expected.verdict)), std::string(NameOf(decision.verdict)));
  if (expected.reason) compare("reason", *expected.reason, decision.reason);
  if (expected.policies)
    compare("policies", Joined(*expected.policies), Joined(Sorted(decision.policies)));
  if (expected.observed)
    compare("observed", Joined(*expected.observed), Joined(Sorted(decision.observed)));
  if (expected.obligations)
    compare("obligations", Joined(WordsOf(*expected.obligations)),
            Joined(WordsOf(decision.obligations)));
  return out;
}

}  // namespace surety
