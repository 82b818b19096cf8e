#include "agent/policy/obligation_words.h"

#include "agent/identity/duration_text.h"

namespace surety {
namespace {

constexpr std::string_view kQuarantine = "quarantine";
constexpr std::string_view kRevoke = "revoke";
constexpr std::string_view kAlert = "alert";
constexpr std::string_view kTtlCap = "ttl_cap";

void AddQuarantine(Obligations& out, std::optional<Seconds> span) {
  out.quarantine = true;
  out.quarantine_for = span;
  out.revoke = true;
  out.alert = true;
}

}  // namespace

std::vector<std::string> WordsOf(const Obligations& obligations) {
  std::vector<std::string> out;
  if (obligations.quarantine) {
    const auto span = obligations.quarantine_for;
    out.push_back(std::string(kQuarantine) + (span ? " " + DurationText(*span) : ""));
  } else {
    if (obligations.revoke) out.emplace_back(kRevoke);
    if (obligations.alert) out.emplace_back(kAlert);
  }
  if (obligations.ttl_cap)
    out.push_back(std::string(kTtlCap) + " " + DurationText(*obligations.ttl_cap));
  return out;
}

bool AddObligation(std::string_view word, Obligations& obligations) {
  const auto space = word.find(' ');
  const std::string_view name = word.substr(0, space);
  if (space == std::string_view::npos) {
    if (name == kQuarantine) {
      AddQuarantine(obligations, std::nullopt);
    } else if (name == kRevoke) {
      obligations.revoke = true;
    } else if (name == kAlert) {
      obligations.alert = true;
    } else {
      return false;
    }
    return true;
  }
  const auto span = ParseDuration(word.substr(space + 1));
  if (!span || (name != kQuarantine && name != kTtlCap)) return false;
  if (name == kQuarantine) {
    AddQuarantine(obligations, *span);
  } else {
    obligations.ttl_cap = *span;
  }
  return true;
}

}  // namespace surety
