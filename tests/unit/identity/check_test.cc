#include "agent/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "agent/identity/entries_file.h"
#include "tests/unit/identity/diagnostic_cases.h"
#include "tests/unit/identity/scratch_folder.h"

namespace surety {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;

class CheckTest : public testing::Test {
 protected:
  CheckTest() {
    folder_.MakeFolder("entries.d");
    Configure("");
    folder_.Write("entries.d/web.toml",
                  "[[entry]]\nspiffe_id = \"spiffe://example.org/web\"\nselectors = "
                  "[\"unix:uid:1\"]\n");
  }
  void Configure(const std::string& more) {
    folder_.Write("suretyd.toml", "trust_domain = \"example.org\"\nentries_dir = \"" +
                                      folder_.At("entries.d") + "\"\n" + more);
  }
  bool Run(bool strict = false) {
    std::ostringstream out;
    const auto made = [](const Config& config) {
      std::vector<std::string> types{"unix"};
      if (config.systemd_attestor.enabled.value_or(false)) types.emplace_back("systemd");
      return types;
    };
    const bool ok = Check(folder_.At("suretyd.toml"), {}, strict, made, out);
    said_ = out.str();
    return ok;
  }

  ScratchFolder folder_;
  std::string said_;
};

TEST_F(CheckTest, SaysWhatIsThereWhenAllIsRight) {
  EXPECT_TRUE(Run());
  EXPECT_EQ(said_,
            "ok: 0 errors, 0 warnings; 1 entry in 1 file of " + folder_.At("entries.d") + "\n");
}

TEST_F(CheckTest, FolderThatASinkCannotWriteToIsAWarning) {
  Configure("[[sink]]\nname = \"web\"\nuid = 5\nfolder = \"" + folder_.At("none") + "\"\n");
  EXPECT_TRUE(Run());
  EXPECT_THAT(said_, HasSubstr(folder_.At("none") + ": warning: the sink web cannot write there"));
  EXPECT_THAT(said_, HasSubstr("does not exist: make it"));
  folder_.MakeFolder("none");
  EXPECT_TRUE(Run(true)) << said_;
}

TEST_F(CheckTest, WarningsAreNoReasonNotToStart) {
  Configure("[admin]\nallowed_uids = []\n");
  EXPECT_TRUE(Run());
  EXPECT_THAT(said_, HasSubstr("suretyd.toml:4:16: warning: allowed_uids is empty"));
  EXPECT_THAT(said_, HasSubstr("ok: 0 errors, 1 warning; 1 entry"));
}

TEST_F(CheckTest, WarningsAreAReasonIfItIsStrict) {
  EXPECT_TRUE(Run(true));
  Configure("[admin]\nallowed_uids = []\n");
  EXPECT_FALSE(Run(true));
  EXPECT_THAT(said_, HasSubstr("\nnot ok: 0 errors, 1 warning; 1 entry"));
}

TEST_F(CheckTest, WarnsOfProgramsThatOthersCanReplace) {
  folder_.Write("web", "x", 0755);  // Below a folder where anyone can make files.
  folder_.Write("entries.d/a.toml",
                "[[entry]]\nspiffe_id = \"spiffe://example.org/a\"\nselectors = "
                "[\"unix:path:" +
                    folder_.At("web") + "\"]\n");
  EXPECT_TRUE(Run());
  EXPECT_THAT(said_, HasSubstr(folder_.At("entries.d/a.toml") + ":3:13: warning: what runs as "));
  EXPECT_FALSE(Run(true));
}

TEST_F(CheckTest, SelectorsAreThoseOfTheAttestorsThatAreSwitchedOn) {
  folder_.Write("entries.d/a.toml",
                "[[entry]]\nspiffe_id = \"spiffe://example.org/a\"\nselectors = "
                "[\"systemd:id:a.service\"]\n");
  EXPECT_FALSE(Run());
  Configure("[attestors.systemd]\nenabled = true\n");
  EXPECT_TRUE(Run()) << said_;
}

TEST_F(CheckTest, TellsWhatIsWrongWithPolicies) {
  const std::string dir = folder_.At("policies.d");
  Configure("[policy]\ndir = \"" + dir + "\"\n");
  EXPECT_FALSE(Run());
  EXPECT_THAT(said_, HasSubstr(dir + ": error: "));
  folder_.MakeFolder("policies.d");
  folder_.Write("policies.d/a.cedar", "@id(\"a\")\npermit(principal, action, resourc);\n");
  EXPECT_FALSE(Run());
  EXPECT_THAT(said_, HasSubstr(dir + "/a.cedar:2:27: error: "));
  folder_.Write("policies.d/a.cedar", "@id(\"a\")\npermit(principal, action, resource);\n");
  EXPECT_TRUE(Run()) << said_;
  EXPECT_THAT(said_, EndsWith("; 1 policy by " + dir + "\n"));
}

TEST_F(CheckTest, ErrorsOfPoliciesAndOfEntriesAreToldAtOnce) {
  Configure("[policy]\ndir = \"" + folder_.At("policies.d") + "\"\n");
  folder_.Write("entries.d/a.toml", "[[entry]]\n");
  EXPECT_FALSE(Run());
  EXPECT_THAT(said_, HasSubstr("the entry has no spiffe_id"));
  EXPECT_THAT(said_, HasSubstr(folder_.At("policies.d") + ": error: "));
}

TEST_F(CheckTest, TellsErrorsOfEntries) {
  folder_.Write("entries.d/a.toml", "[[entry]]\n");
  EXPECT_FALSE(Run());
  EXPECT_THAT(said_,
              HasSubstr(folder_.At("entries.d/a.toml") + ":1:1: error: the entry has no sp"));
  EXPECT_THAT(said_, EndsWith("not ok: 2 errors, 0 warnings\n"));
}

TEST_F(CheckTest, TellsErrorsOfTheHookAndOfPins) {
  folder_.Write("entries.d/a.toml",
                "[[entry]]\nspiffe_id = \"spiffe://example.org/a\"\nselectors = [\"unix:uid:1\"]\n"
                "pins = [\"unx:uid\"]\n");
  EXPECT_FALSE(Run());
  EXPECT_EQ(said_,
            folder_.At("entries.d/a.toml") +
                ":4:9: error: pin \"unx:uid\" is of the type \"unx\", which no attestor here "
                "makes\n  fix: did you mean \"unix\"? known are unix\n"
                "not ok: 1 error, 0 warnings\n");
  Configure("[audit]\ndir = \"" + folder_.At("entries.d/") + "\"\n");
  EXPECT_FALSE(Run());
  EXPECT_THAT(said_,
              HasSubstr(folder_.At("suretyd.toml") + ":4:7: error: the folder of the audit log, "));
}

TEST_F(CheckTest, TellsErrorsOfTheConfiguration) {
  Configure("log_level = \"x\"\n");
  EXPECT_FALSE(Run());
  EXPECT_THAT(said_, HasSubstr(folder_.At("suretyd.toml") + ":3:13: error: log_level"));
  EXPECT_THAT(said_, HasSubstr("not ok: 1 error, 0 warnings; the entries were not looked at"));
}

TEST_F(CheckTest, TellsCaFilesThatCannotBeRead) {
  folder_.Write("ca.pem", "x");
  Configure("[x509]\nca_cert = \"" + folder_.At("ca.pem") + "\"\nca_key = \"" +
            folder_.At("ca.key") + "\"\n");
  EXPECT_FALSE(Run());
  EXPECT_THAT(said_, HasSubstr(folder_.At("ca.key") + ": error: cannot be read: No such file"));
  EXPECT_THAT(said_, EndsWith("not ok: 1 error, 0 warnings\n"));
}

TEST_F(CheckTest, LooksAtThePinOfAKeyInATokenAndAsksNoToken) {
  folder_.Write("ca.pem", "x");
  Configure("[x509]\nca_cert = \"" + folder_.At("ca.pem") +
            "\"\nca_key = \"pkcs11:token=t;object=ca?pin-source=" + folder_.At("pin") + "\"\n");
  EXPECT_FALSE(Run());
  EXPECT_THAT(said_, HasSubstr(folder_.At("pin") + ": error: cannot be read: No such file"));
  folder_.Write("pin", "4711");
  EXPECT_TRUE(Run()) << said_;
  EXPECT_THAT(said_, HasSubstr("the CA's key is pkcs11:token=t;object=ca, not asked"));
}

TEST_F(CheckTest, TellsFilesOfEndpointsThatCannotBeRead) {
  Configure(
      "[bundle_endpoint]\nlisten = \"0.0.0.0:1\"\nprofile = \"https_web\"\ncertificate_file = \"" +
      folder_.At("e.pem") +
      "\"\nkey_file = \"credential:e.key\"\n[[federation]]\ntrust_domain = \"other.org\"\nurl = "
      "\"https://o\"\nprofile = \"https_web\"\nca_file = \"" +
      folder_.At("o.pem") + "\"\n");
  EXPECT_FALSE(Run());
  EXPECT_THAT(said_, HasSubstr(folder_.At("e.pem") + ": error: cannot be read: No such file"));
  EXPECT_THAT(said_, HasSubstr(folder_.At("o.pem") + ": error: cannot be read: No such file"));
  EXPECT_THAT(said_, EndsWith("not ok: 2 errors, 0 warnings\n"));
}

TEST_F(CheckTest, ABundleMapIsReadAsAtTheStart) {
  const std::string file = folder_.At("bundles.json");
  const std::string line = "bundle_map = \"" + file + "\"\n";
  Configure(line);
  EXPECT_FALSE(Run());
  EXPECT_THAT(said_, HasSubstr(file + ": error: cannot be opened: No such file"));
  folder_.Write("bundles.json", R"({"trust_domains":{"other.org":{"keys":[7]}}})");
  EXPECT_TRUE(Run()) << said_;
  EXPECT_THAT(said_, HasSubstr(file + ": warning: the bundle of other.org: keys[0] is not used"));
  EXPECT_THAT(said_, EndsWith("; 1 bundle in " + file + "\n"));
  Configure(line + "[[federation]]\ntrust_domain = \"other.org\"\nurl = \"https://o\"\n" +
            "profile = \"https_web\"\n");
  EXPECT_FALSE(Run());
  EXPECT_THAT(said_, HasSubstr("names other.org, whose bundle endpoint is followed as well"));
}

/// The tree may belong to anyone, so the examples are parsed and not loaded.
std::string Example(const std::string& name) {
  std::ifstream file(std::string(SURETY_SOURCE_DIR) + "/docs/examples/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ExamplesTest, AreRight) {
  Diagnostics diagnostics;
  const auto config =
      ParseConfig("suretyd.toml", Example("suretyd.toml"), {}, SystemAccountIds(), diagnostics);
  ASSERT_TRUE(config) << AllOf(diagnostics);
  const auto entries = ParseEntries("web.toml", Example("entries.d/web.toml"),
                                    EntryRulesOf(*config, {"unix:uid", "unix:path"}), diagnostics);
  RefuseDuplicates(entries, diagnostics);
  EXPECT_THAT(entries, SizeIs(2));
  EXPECT_EQ(AllOf(diagnostics), "");
}

}  // namespace
}  // namespace surety
