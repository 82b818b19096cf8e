// The manual pages say what the programs do: checked, or they would drift apart.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <string>

#include "agent/command/flags.h"
#include "agent/config.h"
#include "agent/flags.h"
#include "agent/identity/entries_file.h"
#include "tests/unit/command/scratch_folder.h"

namespace surety {
namespace {

using ::testing::IsEmpty;

std::set<std::string> Matches(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  std::set<std::string> found;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), expression);
       at != std::sregex_iterator(); ++at)
    found.insert((*at)[1]);
  return found;
}

/// A page without the escapes and fonts of roff.
std::string Page(const std::string& name) {
  std::string text = ReadAll(std::string(SURETY_SOURCE_DIR "/man/") + name);
  EXPECT_NE(text, "") << name;
  text = std::regex_replace(text, std::regex(R"(\\f[RBIP])"), "");
  text = std::regex_replace(text, std::regex(R"(\\\(dq)"), "\"");
  return std::regex_replace(text, std::regex(R"(\\-)"), "-");
}

std::string Between(const std::string& text, const std::string& begin, const std::string& end) {
  const auto from = text.find(begin);
  const auto to = text.find(end, from + begin.size());
  EXPECT_NE(from, std::string::npos) << begin;
  EXPECT_NE(to, std::string::npos) << end;
  return text.substr(from + begin.size(), to - from - begin.size());
}

const std::string kFlag = "(--[a-z][a-z-]*)";

std::string ToolHelp(std::vector<const char*> command) {
  command.push_back("--help");
  return std::get<PrintedText>(*ParseCommandLine(command)).text;
}

std::string DaemonHelp(const char* command) {
  const std::vector<const char*> words{command, "--help"};
  return std::get<FlagsExit>(ParseFlags(words, "0")).text;
}

TEST(Manual, NamesTheFlagsOfTheToolAndNoOthers) {
  std::string help = "--version";
  for (const char* command : {"fetch", "watch", "status", "top", "attest", "doctor", "revoke"})
    help += "\n" + ToolHelp({command});
  help += ToolHelp({"entry", "import"}) + ToolHelp({"fetch", "jwt"}) + ToolHelp({"fetch", "wit"}) +
          ToolHelp({"validate"});
  for (const char* command : {"list", "add", "release"})
    help += "\n" + ToolHelp({"quarantine", command});
  for (const char* command : {"show", "list", "set", "delete"})
    help += "\n" + ToolHelp({"bundle", command});
  for (const char* command : {"verify", "tail", "why"}) help += "\n" + ToolHelp({"audit", command});
  for (const char* command : {"check", "show", "test", "eval", "simulate"})
    help += "\n" + ToolHelp({"policy", command});
  help += "\n" + ToolHelp({"sink"});
  EXPECT_EQ(Matches(Page("surety.1"), kFlag), Matches(help, kFlag));
}

TEST(Manual, NamesTheFlagsOfTheDaemonAndNoOthers) {
  const std::string help = "--version" + DaemonHelp("run") + DaemonHelp("check");
  EXPECT_EQ(Matches(Page("suretyd.8"), kFlag), Matches(help, kFlag));
}

std::vector<Diagnostic> WrongWith(const std::string& config) {
  const AccountIds nobody{[](const std::string&) { return std::nullopt; },
                          [](const std::string&) { return std::nullopt; }};
  Diagnostics diagnostics;
  static_cast<void>(ParseConfig("c", config, {}, nobody, diagnostics));
  return diagnostics.items();
}

/// The keys that the daemon knows: it lists them when it meets one that it does not.
std::set<std::string> KnownKeys(const std::string& section) {
  const auto wrong =
      WrongWith("trust_domain = \"example.org\"\n" + section + "\nqqqqqqqqqqqqqqq = 1");
  if (wrong.size() != 1) ADD_FAILURE() << section << ": " << wrong.size() << " errors";
  if (wrong.empty()) return {};
  return Matches(wrong.front().fix.substr(wrong.front().fix.find(" are ") + 4), "([a-z0-9_]+)");
}

/// A section with the keys that it cannot be without, and others that it needs before it.
std::string WithWhatItNeeds(const std::string& section) {
  const std::string endpoint = R"(
listen = "127.0.0.1:1"
profile = "https_web"
certificate_file = "/c"
key_file = "/k"
)";
  if (section == "[hook]") return section + "\nsocket = \"/h.sock\"";
  if (section == "[metrics]") return section + "\nlisten = \"unix:///m.sock\"";
  if (section == "[bundle_endpoint]") return section + endpoint;
  if (section == "[oidc]")
    return "[bundle_endpoint]" + endpoint + section + "\nissuer = \"https://o.org\"";
  if (section == "[[federation]]")
    return section + R"(
trust_domain = "o.org"
url = "https://o.org/"
profile = "https_web"
)";
  return section;
}

std::set<std::string> KeysOf(const std::string& part) {
  std::set<std::string> keys;
  for (const std::string& line : Matches(part, R"(\.TP\n\.BR? ([^\n]+)\n)"))
    for (const std::string& key : Matches(line, "([a-z0-9_]+)")) keys.insert(key);
  return keys;
}

TEST(Manual, NamesTheKeysOfEachSectionAndNoOthers) {
  const std::string page =
      Between(Page("suretyd.toml.5"), ".SH CONFIGURATION\n", ".SH ENTRIES") + ".SS ";
  for (const char* section : {"[log]",
                              "[workload_api]",
                              "[admin]",
                              "[x509]",
                              "[jwt]",
                              "[wit]",
                              "[sds]",
                              "[limits]",
                              "[policy]",
                              "[hook]",
                              "[audit]",
                              "[watch]",
                              "[metrics]",
                              "[attestors.unix]",
                              "[attestors.systemd]",
                              "[attestors.docker]",
                              "[attestors.podman]",
                              "[bundle_endpoint]",
                              "[oidc]",
                              "[[federation]]"}) {
    const std::string part = Between(page, std::string(".SS ") + section + "\n", ".SS ");
    EXPECT_EQ(KeysOf(part), KnownKeys(WithWhatItNeeds(section))) << section;
  }
  std::set<std::string> top = KeysOf(page.substr(0, page.find(".SS ")));
  for (const char* section :
       {"log", "workload_api", "admin", "x509", "jwt", "wit", "sds", "limits", "policy", "hook",
        "audit", "watch", "metrics", "attestors", "sink", "bundle_endpoint", "oidc", "federation"})
    top.insert(section);
  EXPECT_EQ(top, KnownKeys(""));
}

TEST(Manual, ExamplesAreAcceptedAsTheyStand) {
  const std::string page = Page("suretyd.toml.5");
  const std::string config = Between(Between(page, ".SH EXAMPLES", ".SH SEE"), ".RS\n", ".RE");
  EXPECT_THAT(WrongWith(config), IsEmpty());

  const EntryRules rules{.trust_domain = *TrustDomain::Parse("example.org"),
                         .default_ttl = Seconds(900),
                         .ca_ttl = Seconds(604'800)};
  Diagnostics diagnostics;
  const auto entries =
      ParseEntries("e", Between(Between(page, ".SH ENTRIES", ".SH SELECTORS"), ".RS\n", ".RE"),
                   rules, diagnostics);
  EXPECT_EQ(entries.size(), 1U);
  EXPECT_THAT(diagnostics.items(), IsEmpty());
}

}  // namespace
}  // namespace surety
