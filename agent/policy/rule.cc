#include "agent/policy/rule.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "agent/identity/duration_text.h"
#include "agent/identity/nearest_name.h"
#include "surety/external_hook.h"

namespace surety {
namespace {

constexpr std::array<std::pair<std::string_view, Response>, 6> kResponses{{
    {"alert", Response::kAlert},
    {"challenge", Response::kChallenge},
    {"undecided", Response::kUndecided},
    {"refuse", Response::kRefuse},
    {"revoke", Response::kRevoke},
    {"quarantine", Response::kQuarantine},
}};
constexpr std::array<std::string_view, 6> kNames{"id",       "reason",  "response",
                                                 "duration", "ttl_cap", "mode"};
constexpr std::array<std::string_view, 2> kModes{"enforce", "monitor"};
constexpr Seconds kLeastTtlCap{10};
constexpr Seconds kMostTtlCap{30 * 86'400};
constexpr Seconds kLeastDuration{1};
constexpr Seconds kMostDuration{3650LL * 86'400};

/// Ids and reasons go into logs, metrics and status messages.
bool IsToken(std::string_view text) {
  return !text.empty() && text.size() <= kMaxRuleIdBytes &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

bool IsOfHook(std::string_view id) { return id == kHookId || id.starts_with(kHookReason); }

/// `words` with the likeliest of them first to be seen.
template <typename Words>
std::string OneOf(std::string_view typed, const Words& words) {
  if (const auto nearest = NearestName(typed, words); !nearest.empty())
    return "did you mean \"" + std::string(nearest) + "\"?";
  std::string out = "write one of ";
  for (const auto word : words) out += (word == words.front() ? "" : ", ") + std::string(word);
  return out;
}

/// Reads one policy's annotations and tells what is wrong with them.
class RuleReader {
 public:
  RuleReader(const WrittenPolicy& policy, Diagnostics& diagnostics)
      : policy_(policy), errors_(policy.file, diagnostics) {
    rule_.permits = policy.permits;
    rule_.file = policy.file;
    rule_.at = policy.at;
    rule_.looks_at = policy.looks_at;
    rule_.text = policy.text;
  }

  Rule Read() && {
    for (const auto& annotation : policy_.annotations) ReadOne(annotation);
    if (rule_.id.empty() && !Find("id"))
      errors_.Error(policy_.at, "the policy has no @id",
                    "put @id(\"what-it-is-about\") in front of it, for records and tests");
    if (rule_.reason.empty()) rule_.reason = rule_.id;
    RefuseWhatDoesNotFit();
    return std::move(rule_);
  }

 private:
  [[nodiscard]] const PolicyAnnotation* Find(std::string_view name) const {
    const auto& all = policy_.annotations;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& item) { return item.name == name; });
    return found == all.end() ? nullptr : &*found;
  }

  void ReadOne(const PolicyAnnotation& item) {
    if (item.name == "id") {
      ReadToken(item, rule_.id);
    } else if (item.name == "reason") {
      ReadToken(item, rule_.reason);
    } else if (item.name == "response") {
      ReadResponse(item);
    } else if (item.name == "duration") {
      rule_.duration = ReadSpan(item, kLeastDuration, kMostDuration);
    } else if (item.name == "ttl_cap") {
      rule_.ttl_cap = ReadSpan(item, kLeastTtlCap, kMostTtlCap);
    } else if (item.name == "mode") {
      ReadMode(item);
    } else {
      errors_.Error(item.at, "unknown annotation @" + item.name, OneOf(item.name, kNames));
    }
  }

  void ReadToken(const PolicyAnnotation& item, std::string& out) {
    if (item.name == "id" && IsOfHook(item.value)) {
      errors_.Error(item.at, "@id is " + Quoted(item.value) + ", which is the external hook's",
                    "choose another name; records tell who decided by it");
    } else if (IsToken(item.value)) {
      out = item.value;
    } else {
      errors_.Error(item.at, "@" + item.name + " is " + Quoted(item.value),
                    "use letters, digits, '.', '_' and '-', at most " +
                        std::to_string(kMaxRuleIdBytes) + " of them");
    }
  }

  void ReadResponse(const PolicyAnnotation& item) {
    if (const auto response = ResponseNamed(item.value)) {
      rule_.response = *response;
      return;
    }
    std::array<std::string_view, kResponses.size()> words;
    for (std::size_t i = 0; i < words.size(); ++i) words.at(i) = kResponses.at(i).first;
    errors_.Error(item.at, "no response is called " + Quoted(item.value), OneOf(item.value, words));
  }

  void ReadMode(const PolicyAnnotation& item) {
    rule_.monitored = item.value == "monitor";
    if (std::find(kModes.begin(), kModes.end(), item.value) == kModes.end())
      errors_.Error(item.at, "no mode is called " + Quoted(item.value), OneOf(item.value, kModes));
  }

  std::optional<Seconds> ReadSpan(const PolicyAnnotation& item, Seconds least, Seconds most) {
    const auto span = ParseDuration(item.value);
    if (!span) {
      errors_.Error(item.at, "@" + item.name + ": " + span.error().message(),
                    "write it as @" + item.name + "(\"1h\")");
      return std::nullopt;
    }
    if (*span < least || *span > most) {
      errors_.Error(item.at, "@" + item.name + " is out of range",
                    "choose a span from " + DurationText(least) + " to " + DurationText(most));
      return std::nullopt;
    }
    return *span;
  }

  void RefuseWhatDoesNotFit() {
    const auto* response = Find("response");
    if (policy_.permits && response != nullptr)
      errors_.Error(response->at, "@response on a permit, which leads to nothing but a yes",
                    "remove it, or write forbid");
    const auto* duration = Find("duration");
    if (duration != nullptr && (policy_.permits || rule_.response != Response::kQuarantine))
      errors_.Error(duration->at, "@duration without @response(\"quarantine\")",
                    "remove it: nothing else ends by itself");
    const auto* ttl_cap = Find("ttl_cap");
    if (ttl_cap != nullptr && !policy_.permits && rule_.response != Response::kAlert)
      errors_.Error(ttl_cap->at, "@ttl_cap on a forbid, after which nothing is issued",
                    "put it on a permit or on an alert");
  }

  const WrittenPolicy& policy_;
  FileDiagnostics errors_;
  Rule rule_;
};

}  // namespace

std::string_view NameOf(Response response) {
  for (const auto& [word, value] : kResponses)
    if (value == response) return word;
  return "unknown";
}

std::optional<Response> ResponseNamed(std::string_view word) {
  for (const auto& [name, value] : kResponses)
    if (name == word) return value;
  return std::nullopt;
}

std::vector<Rule> ReadRules(const std::vector<WrittenPolicy>& policies, Diagnostics& diagnostics) {
  std::vector<Rule> out;
  out.reserve(policies.size());
  for (const auto& policy : policies) out.push_back(RuleReader(policy, diagnostics).Read());
  return out;
}

void RefuseDuplicateIds(const std::vector<Rule>& rules, Diagnostics& diagnostics) {
  std::map<std::string_view, const Rule*> seen;
  for (const Rule& rule : rules) {
    if (rule.id.empty()) continue;
    const auto [first, is_new] = seen.emplace(rule.id, &rule);
    if (is_new) continue;
    const Rule& other = *first->second;
    FileDiagnostics(rule.file, diagnostics)
        .Error(
            rule.at, "the @id \"" + rule.id + "\" is taken",
            "choose another one; it stands at " + other.file + ":" + std::to_string(other.at.line));
  }
}

}  // namespace surety
