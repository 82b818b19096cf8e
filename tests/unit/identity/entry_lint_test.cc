#include "agent/identity/entry_lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/identity/diagnostic_cases.h"

namespace surety {
namespace {

using testing::HasSubstr;

EntryRules AnySelector() {
  return {.trust_domain = *TrustDomain::Parse("example.org"),
          .default_ttl = Seconds(900),
          .ca_ttl = Seconds(7 * 86'400)};
}

std::string Entry(const std::string& name, const std::string& selectors,
                  const std::string& more = "") {
  return "[[entry]]\nspiffe_id = \"spiffe://example.org/" + name + "\"\nselectors = [" + selectors +
         "]\n" + more;
}

Diagnostics Linted(const std::string& text) {
  Diagnostics diagnostics;
  const auto entries = ParseEntries("f.toml", text, AnySelector(), diagnostics);
  RefuseDuplicates(entries, diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "");
  const PathJudge judge = [](const std::string& path) -> std::optional<std::string> {
    if (path.starts_with("/opt/")) return "\"/opt\" belongs to uid 1001";
    return std::nullopt;
  };
  LintEntries(entries, judge, diagnostics);
  return diagnostics;
}

void ExpectWarning(const DiagnosticCase& want) {
  ExpectOne(want, Severity::kWarning, Linted(want.text));
}

void ExpectNothing(const std::string& text) { EXPECT_EQ(AllOf(Linted(text)), "") << text; }

constexpr Position kSelectors{3, 13};

TEST(EntryLint, EntriesThatSayWhatTheyMeanAreNotWarnedOf) {
  ExpectNothing(Entry("a", R"("unix:uid:1")"));
  ExpectNothing(Entry("a", R"("unix:uid:1", "unix:path:/usr/bin/a")"));
  ExpectNothing(Entry("a", R"("systemd:id:a.service")"));
  ExpectNothing(Entry("a", R"("docker:label:app:a", "docker:image_digest:sha256:0f")"));
  ExpectNothing(Entry("a", R"("k8s:ns:x", "k8s:container-image-digest:sha256:0f")"));
  ExpectNothing(Entry("a", R"("podman:name:a", "unix:sha256:0f")"));
}

TEST(EntryLint, NamesAndLabelsAloneAreTheWordOfWhoeverStartsContainers) {
  for (const auto* selector : {"docker:label:app:a", "docker:name:a", "docker:env:A=b",
                               "docker:image_id:a:1", "podman:pod_name:a"})
    ExpectWarning({Entry("a", '"' + std::string(selector) + R"(", "unix:uid:1")"), kSelectors,
                   "is the word of whoever may start containers", ":image_digest, or the program"});
  ExpectWarning({Entry("a", R"("k8s:ns:a", "k8s:pod-label:app:a")"), kSelectors,
                 "\"k8s:ns:a\" is the word of whoever may start pods",
                 "k8s:container-image-digest"});
}

TEST(EntryLint, UnitOfAUsersManagerIsHisWord) {
  ExpectWarning({Entry("a", R"("systemd:user_unit:7:a.service")"), kSelectors,
                 "is the word of that user", "unix:path or unix:sha256"});
  ExpectNothing(Entry("a", R"("systemd:user_unit:7:a.service", "unix:path:/usr/bin/a")"));
}

TEST(EntryLint, PathThatOthersCanReplaceNeedsAHash) {
  ExpectWarning({Entry("a", R"("unix:uid:1", "unix:path:/opt/a")"), kSelectors,
                 "what runs as \"unix:path:/opt/a\" can be replaced: \"/opt\" belongs to uid 1001",
                 "or add unix:sha256"});
  ExpectNothing(Entry("a", R"("unix:path:/opt/a", "unix:sha256:0f")"));
}

TEST(EntryLint, WithoutAJudgeNoPathIsLookedAt) {
  Diagnostics diagnostics;
  const auto entries =
      ParseEntries("f.toml", Entry("a", R"("unix:path:/opt/a")"), AnySelector(), diagnostics);
  LintEntries(entries, {}, diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "");
}

TEST(EntryLint, UserAloneIsTooLittleWhereAnotherEntryTellsHisProcessesApart) {
  const std::string narrow =
      Entry("b", R"("unix:uid:1", "unix:path:/usr/bin/b")", "priority = 9\n");
  ExpectWarning({Entry("a", R"("unix:gid:1", "unix:uid:1")") + narrow, kSelectors,
                 "every process with \"unix:uid:1\" gets this identity, also those that are told "
                 "apart by the entry \"b\" at f.toml:4:1",
                 "unix:path or systemd:id"});
  ExpectNothing(Entry("a", R"("unix:uid:2")") + narrow);
  ExpectNothing(Entry("a", R"("unix:uid:1", "systemd:id:a.service")") + narrow);
}

TEST(EntryLint, TwoIdentitiesForAllProcessesOfAUserAreMeant) {
  ExpectNothing(Entry("a", R"("unix:uid:1")") + Entry("b", R"("unix:uid:1")", "hint = \"b\"\n"));
}

TEST(EntryLint, EntryThatOneWithFewerSelectorsGoesBeforeIsNeverFirst) {
  const std::string wide = Entry("a", R"("unix:path:/usr/bin/a")");
  const std::string both = R"("unix:path:/usr/bin/a", "unix:uid:1")";
  ExpectWarning({Entry("b", both) + wide,
                 {1, 1},
                 "every process that it matches also matches the entry \"a\" at f.toml:4:1, which "
                 "goes before it",
                 "a priority above 0"});
  ExpectWarning({Entry("b", both, "priority = 3\n") +
                     Entry("z", R"("unix:uid:1", "unix:path:/usr/bin/a")", "priority = 4\n"),
                 {1, 1},
                 "\"z\" at f.toml:5:1",
                 "a priority above 4"});
}

TEST(EntryLint, EntryThatGoesFirstOrHasAHintIsNotShadowed) {
  const std::string wide = Entry("a", R"("unix:path:/usr/bin/a")");
  const std::string both = R"("unix:path:/usr/bin/a", "unix:uid:1")";
  ExpectNothing(wide + Entry("b", both, "priority = 1\n"));
  ExpectNothing(wide + Entry("0", both));
  ExpectNothing(wide + Entry("b", both, "hint = \"b\"\n"));
  ExpectNothing(wide + Entry("b", R"("unix:path:/usr/bin/b", "unix:uid:1")"));
}

TEST(EntryLint, OfManyLikeEntriesAllButTheFirstAreShadowedByIt) {
  std::string text;
  for (int i = 0; i < 500; ++i)
    text += Entry("n" + std::to_string(1000 + i), R"("unix:path:/usr/bin/a")");
  const auto diagnostics = Linted(text);
  EXPECT_EQ(diagnostics.warnings(), 499U);
  for (const auto& item : diagnostics.items()) EXPECT_THAT(item.what, HasSubstr("\"n1000\""));
}

TEST(EntryLint, EntryThatContradictsItselfMatchesNobody) {
  ExpectWarning({Entry("a", R"("unix:uid:1", "unix:path:/usr/bin/a", "unix:uid:2")"), kSelectors,
                 "the entry matches no process: none has both \"unix:uid:1\" and \"unix:uid:2\"",
                 "two entries"});
  ExpectNothing(
      Entry("a", R"("unix:uid:1", "unix:supplementary_gid:1", "unix:supplementary_gid:2")"));
}

}  // namespace
}  // namespace surety
