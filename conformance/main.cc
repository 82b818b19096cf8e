#include <algorithm>
#include <exception>
#include <iostream>
#include <string_view>
#include <vector>

#include "conformance/options.h"
#include "conformance/probe.h"
#include "conformance/report.h"

namespace conformance {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;
// The rule that is broken if there is nothing to speak to.
constexpr std::string_view kConnects = "E4";

std::vector<const Rule*> AllRules() {
  std::vector<const Rule*> all;
  for (const Rules family :
       {EndpointRules(), StreamRules(), X509Rules(), CertificateRules(), IdRules(), JwtRules(),
        TokenRules(), JwkSetRules(), ValidateRules(), WitRules(), WitTokenRules()})
    for (const Rule& rule : family) all.push_back(&rule);
  return all;
}

Verdict Check(const Rule& rule, Probe& probe, bool connects) {
  if (!connects && rule.id != kConnects) return Skipped("nothing can be asked; see E4");
  return rule.check == nullptr ? Skipped(std::string(rule.unseen)) : rule.check(probe);
}

std::string UnknownId(const Options& options) {
  const auto all = AllRules();
  for (const std::string& id : options.only)
    if (std::ranges::none_of(all, [&](const Rule* rule) { return rule->id == id; })) return id;
  return {};
}

int CheckAll(Options options) {
  // Audiences that a server which cares about them is unlikely to grant to others.
  if (options.audiences.empty()) options.audiences = {"conformance-one", "conformance-two"};
  Probe probe(options);
  const bool connects = probe.endpoint().Connects();
  std::vector<Line> lines;
  for (const Rule* rule : AllRules())
    if (options.only.empty() || std::ranges::find(options.only, rule->id) != options.only.end())
      lines.push_back({rule, Check(*rule, probe, connects)});
  std::cout << (options.json ? JsonReport(options.socket, lines) : TextReport(lines));
  const bool failed =
      std::ranges::any_of(lines, [](const Line& line) { return ResultOf(line) == "failed"; });
  return failed ? kFailed : 0;
}

int Run(int count, char** arguments) {
  Options options;
  std::string problem;
  if (!ReadOptions(count, arguments, options, problem)) {
    std::cerr << "workload-api-conformance: " << problem << "\n" << kUsage;
    return kWrongUsage;
  }
  if (options.help) std::cout << kUsage;
  if (options.list) std::cout << Table(AllRules());
  if (options.help || options.list) return 0;
  if (const auto id = UnknownId(options); !id.empty()) {
    std::cerr << "workload-api-conformance: no rule has the id '" << id << "'; see --list\n";
    return kWrongUsage;
  }
  return CheckAll(options);
}

}  // namespace
}  // namespace conformance

int main(int count, char** arguments) {
  try {
    return conformance::Run(count, arguments);
  } catch (const std::exception& error) {
    std::cerr << "workload-api-conformance: " << error.what() << "\n";
    return conformance::kFailed;
  }
}
