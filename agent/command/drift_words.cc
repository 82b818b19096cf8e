#include "agent/command/drift_words.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "attestors/printable.h"
#include "surety/selector.h"

namespace surety {
namespace {

constexpr std::size_t kMostSentences = 16;
constexpr std::size_t kShownDigits = 12;  // Of a hash.

/// How a kind of selector is spoken of. "%g" stands for what is there now, "%l"
/// for what was there. Empty: it is not said.
struct Words {
  std::string_view kind;
  std::string_view changed;  ///< One value instead of another.
  std::string_view gained;
  std::string_view lost;
};

constexpr std::array<Words, 29> kWords{{
    {"unix:path", "It runs %g instead of %l.", "It runs %g.", "It no longer runs %l."},
    {"unix:claimed_path", "It claims to run %g instead of %l.",
     "It claims to run %g, which cannot be checked.", "It no longer claims to run %l."},
    {"unix:sha256", "The content of its executable is another one (SHA-256 %g…, it was %l…).",
     "The content of its executable has SHA-256 %g….", "Its executable's hash %l… is gone."},
    {"unix:claimed_sha256", "The content of its executable is another one (%g…, it was %l…).",
     "The content of its executable claims to have SHA-256 %g….",
     "Its executable's claimed hash %l… is gone."},
    {"unix:exe", "Its executable is %g, it was %l.", "Its executable is a file without a name: %g.",
     "Its executable is no longer %l."},
    {"unix:uid", "It became uid %g, it was uid %l.", "It has uid %g.", "It no longer has uid %l."},
    {"unix:user", "", "", ""},
    {"unix:gid", "It became gid %g, it was gid %l.", "It has gid %g.", "It no longer has gid %l."},
    {"unix:group", "", "", ""},
    {"unix:supplementary_gid", "It is in group %g instead of %l.", "It joined group %g.",
     "It left group %l."},
    {"unix:supplementary_group", "", "", ""},
    {"unix:cap", "It has the capability %g instead of %l.", "It gained the capability %g.",
     "It gave up the capability %l."},
    {"unix:userns_cap", "It has the capability %g in its user namespace instead of %l.",
     "It gained the capability %g in its user namespace.",
     "It gave up the capability %l in its user namespace."},
    {"unix:traced", "", "A debugger or tracer is attached to it.",
     "No tracer is attached to it any more."},
    {"unix:no_new_privs", "", "It can gain no privileges any more.",
     "It can gain privileges again."},
    {"unix:ns", "It entered another namespace: %g instead of %l.", "It is in the namespace %g.",
     "It left the namespace %l."},
    {"unix:pidns", "Its pid namespace is the %g's, it was the %l's.", "", ""},
    {"unix:userns", "Its user namespace is the %g's, it was the %l's.", "", ""},
    {"unix:container", "Its container: %g, it was %l.", "", ""},
    {"unix:lsm", "Its security label became %g, it was %l.", "It has the security label %g.",
     "It lost the security label %l."},
    {"cgroup:path", "It moved to the cgroup %g from %l.", "It is in the cgroup %g.",
     "It left the cgroup %l."},
    {"cgroup:id", "", "", ""},
    {"systemd:id", "It is in the unit %g, it was in %l.", "It is in the unit %g.",
     "It left the unit %l."},
    {"systemd:fragment_path", "The file of its unit is %g, it was %l.", "", ""},
    {"systemd:slice", "", "", ""},
    {"systemd:invocation_id", "Its unit was started again.", "", ""},
    {"systemd:user_unit", "It is in the user's unit %g, it was in %l.",
     "It is in the user's unit %g.", "It left the user's unit %l."},
    {"lineage", "It left the group of processes it belonged to, %l, for %g.", "", ""},
    {"", "%k became %g, it was %l.", "%k gained %g.", "%k lost %l."},
}};

const Words& WordsOf(std::string_view kind) {
  const auto at = std::ranges::find(kWords, kind, &Words::kind);
  return at == kWords.end() ? kWords.back() : *at;
}

std::string ValueOf(const std::string& selector, const std::string& kind) {
  std::string value = selector.size() > kind.size() ? selector.substr(kind.size() + 1) : "";
  if (kind.ends_with("sha256") && value.size() > kShownDigits) value.resize(kShownDigits);
  return Printable(value);
}

std::string Filled(std::string_view words, const std::string& kind, const std::string& gained,
                   const std::string& lost) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != '%' || i + 1 == words.size()) {
      text += words[i];
      continue;
    }
    const char which = words[++i];
    text += which == 'g' ? gained : which == 'l' ? lost : Printable(kind);
  }
  return text;
}

using ByKind = std::map<std::string, std::pair<std::vector<std::string>, std::vector<std::string>>>;

ByKind Sorted(const std::vector<std::string>& gained, const std::vector<std::string>& lost) {
  ByKind sorted;
  const auto add = [&sorted](const std::string& text, bool is_gained) {
    const auto selector = Selector::Parse(text);
    if (!selector) return;
    auto& [gains, losses] = sorted[selector->Kind()];
    (is_gained ? gains : losses).push_back(ValueOf(text, selector->Kind()));
  };
  for (const std::string& text : gained) add(text, true);
  for (const std::string& text : lost) add(text, false);
  return sorted;
}

}  // namespace

std::vector<std::string> DriftInWords(const std::vector<std::string>& gained,
                                      const std::vector<std::string>& lost) {
  std::vector<std::string> sentences;
  const auto say = [&](std::string_view words, const std::string& kind, const std::string& now,
                       const std::string& before) {
    if (!words.empty()) sentences.push_back(Filled(words, kind, now, before));
  };
  for (const auto& [kind, values] : Sorted(gained, lost)) {
    const Words& words = WordsOf(kind);
    const auto& [gains, losses] = values;
    const std::size_t pairs = std::min(gains.size(), losses.size());
    for (std::size_t i = 0; i < pairs; ++i) say(words.changed, kind, gains[i], losses[i]);
    for (std::size_t i = pairs; i < gains.size(); ++i) say(words.gained, kind, gains[i], "");
    for (std::size_t i = pairs; i < losses.size(); ++i) say(words.lost, kind, "", losses[i]);
  }
  if (sentences.size() > kMostSentences) {
    const std::size_t more = sentences.size() - kMostSentences + 1;
    sentences.resize(kMostSentences - 1);
    sentences.push_back("And " + std::to_string(more) + " more.");
  }
  return sentences;
}

}  // namespace surety
