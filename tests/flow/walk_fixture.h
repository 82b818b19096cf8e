#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attestors/boot_now.h"
#include "tests/fakes/fake_walk.h"

namespace surety {

/// A walk made of fakes: one process of uid 1001 that matches the entry "web".
class WalkTest : public ::testing::Test {
 protected:
  WalkTest() {
    auto attestor = std::make_unique<fakes::ScriptedAttestor>();
    attestor_ = attestor.get();
    attestors_.push_back(std::move(attestor));
    See({{"unix", "uid:1001"}, {"unix", "path:/usr/bin/web"}});
    AddEntry("web", {{"unix", "uid:1001"}});
  }

  void See(SelectorSet selectors) {
    attestor_->answer = {.selectors = std::move(selectors), .missing = {}};
  }
  void SeeMissing(const std::string& kind) {
    attestor_->answer.missing = {{kind, Error(ErrorCode::kUnavailable, "still hashing")}};
  }
  void AddEntry(const std::string& id, SelectorSet selectors) {
    entries_.entries.push_back(
        std::make_shared<Entry>(Entry{.id = id,
                                      .spiffe_id = *SpiffeId::Parse("spiffe://example.org/" + id),
                                      .selectors = std::move(selectors),
                                      .x509_ttl = Seconds(600),
                                      .hint = {},
                                      .dns_names = {}}));
  }
  void Advance(BootClock::duration time) {
    now_.boot += time;
    now_.wall += time;
  }
  void NewBundles() {
    auto next = *bundles_.bundles;
    ++next.revision;
    ++next.edition;
    bundles_.bundles = std::make_shared<BundleSet>(std::move(next));
  }

  WalkParts parts() {
    return {attestors_, entries_,    ledger_, history_,   policy_,  issuer_, bundles_,
            tokens_,    federation_, audit_,  sanctions_, watcher_, gate_,   clock_};
  }
  static Decision Answer(Verdict verdict, std::string reason) {
    return {.verdict = verdict, .reason = std::move(reason)};
  }

  std::vector<std::unique_ptr<Attestor>> attestors_;
  fakes::ScriptedAttestor* attestor_ = nullptr;
  fakes::ListedEntries entries_;
  fakes::MemoryLedger ledger_;
  fakes::ScriptedPolicy policy_;
  fakes::CountingIssuer issuer_;
  fakes::FixedBundles bundles_;
  fakes::CountingTokens tokens_;
  fakes::ListedFederation federation_;
  fakes::MemoryAudit audit_;
  fakes::ScriptedHistory history_;
  fakes::NotingSanctions sanctions_;
  fakes::NotingWatcher watcher_;
  fakes::CountingGate gate_;
  fakes::StillClock clock_;
  WalkRules rules_;
  std::shared_ptr<fakes::PlainProcess> process_ = std::make_shared<fakes::PlainProcess>(4321);
  Peer peer_{.process = process_, .uid = 1001, .gid = 1001, .connection_id = 1};
  Moment now_{.boot = BootNow() + std::chrono::hours(1),
              .wall = WallTime(std::chrono::hours(500'000))};
};

}  // namespace surety
