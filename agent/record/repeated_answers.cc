#include "agent/record/repeated_answers.h"

#include <algorithm>

namespace surety {
namespace {

// Whatever grants or takes away is recorded, however often.
bool ChangesNothing(const AuditEvent& event) {
  return std::ranges::none_of(event.entries, [](const EntryDecision& one) {
    const Obligations& ordered = one.decision.obligations;
    return one.minted || one.token || ordered.revoke || ordered.quarantine;
  });
}

std::string AnswerText(const AuditEvent& event) {
  std::string text(NameOf(event.action));
  text.append(" ").append(NameOf(event.verdict)).append(" ").append(event.reason);
  for (const EntryDecision& one : event.entries) {
    if (!one.entry) continue;
    text.append("; ").append(one.entry->id).append(" ").append(NameOf(one.decision.verdict));
    text.append(" ").append(one.decision.reason);
  }
  return text;
}

}  // namespace

Result<std::string> RepeatedAnswers::Write(const AuditEvent& event) {
  if (!ChangesNothing(event)) return record_.Write(event);
  const std::string answer = AnswerText(event);
  const std::string of_lineage = "lineage " + event.standing.lineage.id + ": " + answer;
  const std::string of_user = "uid " + std::to_string(event.peer.uid) + ": " + answer;
  {
    const std::lock_guard lock(mutex_);
    Account& lineage = AccountOf(of_lineage_, of_lineage, event.at.boot);
    Account& user = AccountOf(of_user_, of_user, event.at.boot);
    const bool of_lineage_full = lineage.recorded >= limits_.of_lineage;
    // Without one in the record that is like it there is no id to give.
    const std::string& alike = lineage.decision.empty() ? user.decision : lineage.decision;
    if (!alike.empty() && (of_lineage_full || user.recorded >= limits_.of_user)) {
      ++(of_lineage_full ? lineage : user).left_out;
      any_left_out_ = true;
      return alike;
    }
    ++lineage.recorded;
    ++user.recorded;
  }
  auto decision = record_.Write(event);
  if (!decision) return decision;
  const std::lock_guard lock(mutex_);
  AccountOf(of_lineage_, of_lineage, event.at.boot).decision = *decision;
  AccountOf(of_user_, of_user, event.at.boot).decision = *decision;
  return decision;
}

RepeatedAnswers::Account& RepeatedAnswers::AccountOf(Accounts& accounts, const std::string& name,
                                                     BootTime now) {
  // What would be forgotten to make room must be told before.
  if (accounts.size() >= limits_.answers && accounts.Find(name) == nullptr)
    Collect(accounts, now, true);
  Account& account = accounts.Touch(name);
  if (now - account.since < kWindow) return account;
  if (account.left_out > 0) untold_.emplace_back(name, account);
  account = {.since = now, .decision = std::move(account.decision)};
  return account;
}

void RepeatedAnswers::Collect(Accounts& accounts, BootTime now, bool all) {
  std::vector<std::string> over;
  for (const auto& [name, account] : accounts)
    if (account.left_out > 0 && (all || now - account.since >= kWindow)) over.push_back(name);
  for (const std::string& name : over) {
    Account& account = accounts.Touch(name);
    untold_.emplace_back(name, account);
    account.left_out = 0;
  }
}

void RepeatedAnswers::Tick(Moment now) {
  std::vector<std::pair<std::string, Account>> untold;
  {
    const std::lock_guard lock(mutex_);
    if (any_left_out_) {
      Collect(of_lineage_, now.boot, false);
      Collect(of_user_, now.boot, false);
    }
    untold = std::exchange(untold_, {});
  }
  for (const auto& [name, account] : untold) {
    const auto noted = record_.Note({.at = now,
                                     .what = "answers.repeated",
                                     .severity = NoticeSeverity::kWarning,
                                     .details = {{"answer", name},
                                                 {"left_out", std::to_string(account.left_out)},
                                                 {"like", account.decision}}});
    // What cannot be recorded now is told by the log's own gap.
    static_cast<void>(noted);
  }
}

}  // namespace surety
