// What docs/policy.md and its examples say is what the program does: checked, or they
// would drift apart.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/command/run_policy_cases.h"
#include "agent/policy/drift_rules.h"
#include "agent/policy/fact_shape.h"
#include "agent/policy/policy_source.h"
#include "tests/unit/command/policy_fixture.h"

namespace surety {
namespace {

using testing::HasSubstr;

const std::string kDocs = SURETY_SOURCE_DIR "/docs/";

class PolicyDocuments : public PolicyCommand {
 protected:
  std::string RunExample(const std::string& cases, PolicyTestFlags flags) {
    flags.files = {kDocs + "examples/policy-cases/" + cases};
    return Ended(RunPolicyCases(flags, out_));
  }
  const std::string page_ = ReadAll(kDocs + "policy.md");
};

TEST_F(PolicyDocuments, TheExampleCasesReachEveryBuiltInPolicy) {
  const std::string text = RunExample("default.toml", {.full_coverage = true});
  EXPECT_EQ(code_, std::nullopt) << text;
}

TEST_F(PolicyDocuments, TheExamplePolicyIsAsItsCasesSay) {
  Write("a.cedar", ReadAll(kDocs + "examples/policies/package-upgrade.cedar"));
  const std::string text =
      RunExample("package-upgrade.toml", {.source = {.folder = folder_, .beneath = true}});
  EXPECT_EQ(code_, std::nullopt) << text;
}

/// Paths of all facts, as policies name them.
void AddPaths(const nlohmann::ordered_json& shape, const std::string& path,
              std::vector<std::string>& out) {
  for (const auto& item : shape.items()) {
    const std::string inner = path + "." + item.key();
    if (item.value().is_object()) {
      AddPaths(item.value(), inner, out);
    } else {
      out.push_back(inner);
    }
  }
}

TEST_F(PolicyDocuments, TheGuideNamesEveryFact) {
  auto shape = FactShape();
  std::vector<std::string> paths;
  AddPaths(shape.at("identity"), "resource", paths);
  for (const char* no_context : {"action", "principal", "identity"}) shape.erase(no_context);
  AddPaths(shape, "context", paths);
  for (std::string path : paths) {
    // The SPIFFE ID is the resource itself; both velocities have the same four.
    if (path == "resource.id") path = "resource";
    if (path.starts_with("context.velocity.")) path = path.substr(path.rfind('.'));
    EXPECT_THAT(page_, HasSubstr("`" + path + "`"));
  }
}

TEST_F(PolicyDocuments, TheGuideNamesEveryBuiltInPolicy) {
  Diagnostics diagnostics;
  const auto read = ReadPolicies({}, diagnostics);
  ASSERT_TRUE(read);
  for (const Rule& rule : read->policies->rules())
    EXPECT_THAT(page_, HasSubstr("`" + rule.id + "`")) << rule.id;
}

TEST_F(PolicyDocuments, TheGuideHasTheTableOfDrift) {
  for (const DriftRule& rule : DriftRules()) {
    const char* counts = rule.direction == DriftDirection::kAny      ? "any change"
                         : rule.direction == DriftDirection::kGained ? "gained"
                                                                     : "lost";
    std::string row =
        "| `" + std::string(rule.kind) + "` | `" + std::string(rule.drift_class) + "` | " + counts;
    if (!rule.only_with.empty()) row += ", with `" + std::string(rule.only_with) + "`";
    EXPECT_THAT(page_, HasSubstr(row + " |")) << rule.kind;
  }
}

/// The text of the block that begins with ```LANGUAGE after a heading.
std::string Block(const std::string& page, const std::string& heading,
                  const std::string& language) {
  const auto part = page.find("\n## " + heading + "\n");
  const std::string fence = "```" + language + "\n";
  const auto begin = page.find(fence, part);
  const auto end = page.find("\n```", begin);
  if (part == std::string::npos || begin == std::string::npos || end == std::string::npos) {
    ADD_FAILURE() << "no " << language << " after " << heading;
    return {};
  }
  return page.substr(begin + fence.size(), end + 1 - begin - fence.size());
}

TEST_F(PolicyDocuments, TheExamplesOfTheGuideWorkAsTheyStand) {
  Write("a.cedar", Block(page_, "Write", "cedar"));
  const std::string cases = scratch_ / "cases.toml";
  std::ofstream(cases) << Block(page_, "Test", "toml");
  const std::string text = Ended(
      RunPolicyCases({.source = {.folder = folder_, .beneath = true}, .files = {cases}}, out_));
  EXPECT_EQ(code_, std::nullopt) << text << error_;
}

}  // namespace
}  // namespace surety
