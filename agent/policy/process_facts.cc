#include "agent/policy/process_facts.h"

#include <charconv>

namespace surety {
namespace {

struct Fact {
  std::string_view kind;
  std::string_view value;
};

Fact Split(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::optional<std::uint64_t> NumberOf(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool ReadUser(const Fact& fact, ProcessFacts& out) {
  if (fact.kind == "uid") {
    out.uid = NumberOf(fact.value);
  } else if (fact.kind == "gid") {
    out.gid = NumberOf(fact.value);
  } else if (fact.kind == "user") {
    out.user = fact.value;
  } else if (fact.kind == "group") {
    out.group = fact.value;
  } else {
    return false;
  }
  return true;
}

bool ReadExecutable(const Fact& fact, ProcessFacts& out) {
  if (fact.kind == "path") {
    out.path = fact.value;
  } else if (fact.kind == "claimed_path") {
    out.claimed_path = fact.value;
  } else if (fact.kind == "sha256") {
    out.sha256 = fact.value;
  } else if (fact.kind == "exe") {
    out.memfd |= fact.value == "memfd";
    out.deleted |= fact.value == "deleted";
    out.replaced |= fact.value == "replaced";
    out.unhashed |= fact.value == "unhashed";
  } else {
    return false;
  }
  return true;
}

void ReadState(const Fact& fact, const Selector& selector, ProcessFacts& out) {
  if (fact.kind == "cap") {
    out.capabilities.push_back(fact.value);
  } else if (fact.kind == "traced") {
    out.traced = true;
  } else if (fact.kind == "tracer_uid") {
    out.tracer_uid = NumberOf(fact.value);
  } else if (fact.kind == "no_new_privs") {
    out.no_new_privs = true;
  } else if (fact.kind == "container") {
    out.container = fact.value;
  } else if (fact.kind == "lsm") {
    out.label = fact.value;
  } else if (fact.kind == "env") {
    out.preloads.push_back(&selector);
  }
}

}  // namespace

ProcessFacts ReadProcessFacts(const SelectorSet& selectors) {
  ProcessFacts out;
  for (const Selector& selector : selectors) {
    const Fact fact = Split(selector.value);
    if (selector.type == "unix") {
      if (!ReadUser(fact, out) && !ReadExecutable(fact, out)) ReadState(fact, selector, out);
    } else if (selector.type == "cgroup" && fact.kind == "path" && fact.value.starts_with('/')) {
      out.cgroup = fact.value;
    }
  }
  return out;
}

}  // namespace surety
