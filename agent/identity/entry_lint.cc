#include "agent/identity/entry_lint.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "agent/identity/entry_index.h"

namespace surety {
namespace {

/// A kind, or all kinds of a type, that is only as good as the word of somebody.
struct Claim {
  std::string_view kind;
  std::string_view whose;
};
constexpr std::array<Claim, 4> kClaims{{
    {"docker", "whoever may start containers"},
    {"podman", "whoever may start containers"},
    {"k8s", "whoever may start pods"},
    {"systemd:user_unit", "that user, of any process of his"},
}};

/// Kinds that say what runs, whoever started it.
constexpr std::array<std::string_view, 2> kFirm{"unix:sha256", "unix:path"};
constexpr std::string_view kDigest = "digest";

/// Kinds that say for which user something runs, and nothing else.
constexpr std::array<std::string_view, 6> kUsers{"unix:uid",
                                                 "unix:user",
                                                 "unix:gid",
                                                 "unix:group",
                                                 "unix:supplementary_gid",
                                                 "unix:supplementary_group"};

/// Kinds of which a process has one at most.
constexpr std::array<std::string_view, 16> kSingle{"unix:uid",       "unix:gid",
                                                   "unix:user",      "unix:group",
                                                   "unix:path",      "unix:sha256",
                                                   "unix:pidns",     "unix:userns",
                                                   "unix:container", "cgroup:id",
                                                   "systemd:id",     "systemd:fragment_path",
                                                   "systemd:slice",  "systemd:invocation_id",
                                                   "k8s:ns",         "k8s:pod-uid"};

template <typename Kinds>
bool IsOneOf(std::string_view kind, const Kinds& kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

const Claim* ClaimOf(const Selector& selector) {
  const std::string kind = selector.Kind();
  const auto claim = std::find_if(kClaims.begin(), kClaims.end(), [&](const Claim& one) {
    return one.kind == kind || one.kind == selector.type;
  });
  return claim == kClaims.end() || kind.ends_with(kDigest) ? nullptr : &*claim;
}

bool IsFirm(const Selector& selector) {
  const std::string kind = selector.Kind();
  return IsOneOf(kind, kFirm) || (kind.ends_with(kDigest) && selector.type != "unix");
}

bool IsOfUsers(const Selector& selector) { return IsOneOf(selector.Kind(), kUsers); }

bool NamesUser(const Selector& selector) {
  return selector.Kind() == "unix:uid" || selector.Kind() == "unix:user";
}

bool GoesBefore(const Entry& a, const Entry& b) {
  return a.priority != b.priority ? a.priority > b.priority : a.id < b.id;
}

std::string PlaceOf(const LocatedEntry& entry) {
  return Quoted(entry.entry.id) + " at " + entry.file + ":" + std::to_string(entry.at.line) + ":" +
         std::to_string(entry.at.column);
}

class Lint {
 public:
  Lint(const std::vector<LocatedEntry>& entries, const PathJudge& judge, Diagnostics& diagnostics)
      : judge_(judge), diagnostics_(diagnostics) {
    EntryIndex::Entries first;  // Of all with the same selectors.
    for (const LocatedEntry& one : entries) {
      located_[one.entry.id] = &one;
      const LocatedEntry*& best = first_[TextOf(one.entry.selectors)];
      if (best == nullptr || GoesBefore(one.entry, best->entry)) best = &one;
      if (std::all_of(one.entry.selectors.begin(), one.entry.selectors.end(), IsOfUsers)) continue;
      for (const Selector& selector : one.entry.selectors)
        if (NamesUser(selector)) narrower_[selector.Text()].push_back(&one);
    }
    for (const auto& [text, one] : first_)
      first.push_back(std::make_shared<const Entry>(one->entry));
    index_ = EntryIndex(std::move(first));
  }

  void Look(const LocatedEntry& one) {
    using Rule = void (Lint::*)(const LocatedEntry&);
    for (const Rule rule :
         {&Lint::LookForContradictions, &Lint::LookForClaims, &Lint::LookForWeakPaths,
          &Lint::LookForSharedUsers, &Lint::LookForShadows})
      (this->*rule)(one);
  }

 private:
  static std::string TextOf(const SelectorSet& selectors) {
    std::string out;
    for (const Selector& selector : selectors) out += selector.Text() + '\n';
    return out;
  }

  void Warn(const LocatedEntry& one, Position at, std::string what, std::string fix) {
    FileDiagnostics(one.file, diagnostics_).Warn(at, std::move(what), std::move(fix));
  }

  void LookForContradictions(const LocatedEntry& one) {
    const Selector* last = nullptr;
    for (const Selector& selector : one.entry.selectors) {
      if (last != nullptr && last->Kind() == selector.Kind() && IsOneOf(selector.Kind(), kSingle))
        return Warn(one, one.selectors_at,
                    "the entry matches no process: none has both " + Quoted(last->Text()) +
                        " and " + Quoted(selector.Text()),
                    "make two entries of it");
      last = &selector;
    }
  }

  void LookForClaims(const LocatedEntry& one) {
    const auto& selectors = one.entry.selectors;
    if (std::any_of(selectors.begin(), selectors.end(), IsFirm)) return;
    for (const Selector& selector : selectors) {
      const Claim* const claim = ClaimOf(selector);
      if (claim == nullptr) continue;
      return Warn(one, one.selectors_at,
                  "nothing in the entry says what runs: " + Quoted(selector.Text()) +
                      " is the word of " + std::string(claim->whose),
                  claim->kind == "systemd:user_unit"
                      ? "add the program, as unix:path or unix:sha256"
                      : "add the image, as " + selector.type +
                            (selector.type == "k8s" ? ":container-image-digest" : ":image_digest") +
                            ", or the program, as unix:sha256");
    }
  }

  void LookForWeakPaths(const LocatedEntry& one) {
    constexpr std::string_view kPath = "path:";
    const auto& selectors = one.entry.selectors;
    const auto says_what_runs = [](const Selector& selector) {
      return IsFirm(selector) && selector.Kind() != "unix:path";
    };
    if (!judge_ || std::any_of(selectors.begin(), selectors.end(), says_what_runs)) return;
    for (const Selector& selector : selectors) {
      if (selector.Kind() != "unix:path") continue;
      if (const auto weak = judge_(selector.value.substr(kPath.size())))
        Warn(one, one.selectors_at,
             "what runs as " + Quoted(selector.Text()) + " can be replaced: " + *weak,
             "give it to root and let nobody else write to it, or add unix:sha256");
    }
  }

  void LookForSharedUsers(const LocatedEntry& one) {
    const auto& selectors = one.entry.selectors;
    if (!std::all_of(selectors.begin(), selectors.end(), IsOfUsers)) return;
    for (const Selector& selector : selectors) {
      const auto others = narrower_.find(selector.Text());
      if (others == narrower_.end()) continue;
      const std::size_t more = others->second.size() - 1;
      return Warn(one, one.selectors_at,
                  "every process with " + Quoted(selector.Text()) +
                      " gets this identity, also those that are told apart by the entry " +
                      PlaceOf(*others->second.front()) +
                      (more == 0 ? "" : " and " + std::to_string(more) + " more"),
                  "add what else is true of the process that it is for, such as unix:path or "
                  "systemd:id");
    }
  }

  void LookForShadows(const LocatedEntry& one) {
    if (!one.entry.hint.empty()) return;
    const LocatedEntry* before = first_.at(TextOf(one.entry.selectors));
    if (before == &one) {
      const auto matching = index_.Match(one.entry.selectors);
      before = located_.at(matching.front()->id);
      if (before == &one || !GoesBefore(before->entry, one.entry)) return;
    }
    Warn(one, one.at,
         "the entry is never a process's first: every process that it matches also matches the "
         "entry " +
             PlaceOf(*before) + ", which goes before it",
         "give it a priority above " + std::to_string(before->entry.priority) +
             ", or a hint by which a client finds it; many clients use the first SVID");
  }

  const PathJudge& judge_;
  Diagnostics& diagnostics_;
  std::unordered_map<std::string_view, const LocatedEntry*> located_;  // By id.
  std::unordered_map<std::string, const LocatedEntry*> first_;         // By all selectors.
  EntryIndex index_;                                                   // Of first_.
  // By the selector of a user: entries that say more than the user.
  std::unordered_map<std::string, std::vector<const LocatedEntry*>> narrower_;
};

}  // namespace

void LintEntries(const std::vector<LocatedEntry>& entries, const PathJudge& judge,
                 Diagnostics& diagnostics) {
  Lint lint(entries, judge, diagnostics);
  for (const LocatedEntry& one : entries) lint.Look(one);
}

}  // namespace surety
