#include "agent/policy/fact_shape.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "agent/identity/nearest_name.h"

namespace surety {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kShape = R"({
  "action": "issue", "principal": "4711.100",
  "identity": {"id": "none", "trust_domain": "", "path": "", "entry": "", "hint": "",
    "selectors": [""]},
  "complete": true, "missing": [""], "starting": false, "wake": "events", "challenge": "none",
  "entry_matched": true, "pinned": false, "selectors": [""],
  "process": {"pid": 0, "start": 0, "uid": 0, "gid": 0, "user": "", "group": "", "path": "",
    "claimed_path": "", "sha256": "", "cgroup": "", "label": "", "no_new_privs": false},
  "exe": {"memfd": false, "deleted": false, "replaced": false, "unhashed": false},
  "traced": {"attached": false, "by_root": false, "uid": 0},
  "env_preload": [""], "capabilities": [""], "container": "none",
  "drift": {"any": false, "kinds": [""], "classes": [""], "harmless": [""], "gained": [""],
    "lost": [""]},
  "lineage": {"id": "", "kind": "", "now": "", "left": false, "new_identity": false,
    "ancestor_uids": [0]},
  "velocity": {
    "lineage": {"svids": 0, "streams": 0, "refusals": 0, "spiffe_ids": 0},
    "process": {"svids": 0, "streams": 0, "refusals": 0, "spiffe_ids": 0}},
  "risk": {"score": 0, "signals": [""]},
  "quarantined": false, "quarantine_reason": "", "audiences": [""]
})";

struct Words {
  std::string_view path;
  std::vector<std::string_view> all;
};

const std::array<Words, 4>& WordLists() {
  static const std::array<Words, 4> kLists{{
      {"action", {"issue", "rotate", "bundles", "token", "task", "request"}},
      {"wake", {"events", "sweep"}},
      {"challenge", {"none", "passed"}},
      {"container", {"none", "some", "unknown"}},
  }};
  return kLists;
}

std::string_view TypeName(const Json& value) {
  if (value.is_boolean()) return "true or false";
  if (value.is_number_integer()) return "a whole number";
  if (value.is_number()) return "a fraction";
  if (value.is_string()) return "a text";
  if (value.is_array()) return "a list";
  if (value.is_object()) return "a table";
  return "neither text nor number";
}

std::string OneOf(const std::vector<std::string_view>& names) {
  std::string out = "write one of ";
  for (const auto name : names) out.append(name == names.front() ? "" : ", ").append(name);
  return out;
}

std::string FixOf(std::string_view typed, const std::vector<std::string_view>& names) {
  const auto nearest = NearestName(typed, names);
  return nearest.empty() ? OneOf(names) : "did you mean \"" + std::string(nearest) + "\"?";
}

bool SameType(const Json& value, const Json& shape) {
  return shape.is_number_integer() ? value.is_number_integer() : value.type() == shape.type();
}

class Comparison {
 public:
  Comparison(const WrittenValues& written, FileDiagnostics& diagnostics)
      : written_(written), diagnostics_(diagnostics) {}

  void Compare(const Json& value, const Json& shape, const std::string& path) {
    if (!SameType(value, shape)) {
      Tell(path,
           path + " is " + std::string(TypeName(value)) + ", not " + std::string(TypeName(shape)),
           "the schema has the type of every fact: surety policy show --schema");
    } else if (shape.is_object()) {
      CompareObject(value, shape, path);
    } else if (shape.is_array()) {
      std::size_t index = 0;
      for (const Json& item : value)
        Compare(item, shape.front(), path + "[" + std::to_string(index++) + "]");
    } else if (shape.is_string()) {
      CompareWord(value.get_ref<const std::string&>(), path);
    }
  }
  [[nodiscard]] bool fits() const { return fits_; }

 private:
  void CompareObject(const Json& value, const Json& shape, const std::string& path) {
    std::vector<std::string_view> names;
    for (const auto& item : shape.items()) names.emplace_back(item.key());
    for (const auto& item : value.items()) {
      const std::string inner = path.empty() ? item.key() : path + "." + item.key();
      if (const auto at = shape.find(item.key()); at != shape.end()) {
        Compare(item.value(), *at, inner);
      } else {
        Tell(inner, "no fact is called " + Quoted(inner), FixOf(item.key(), names));
      }
    }
  }

  void CompareWord(const std::string& word, const std::string& path) {
    const auto& lists = WordLists();
    const auto list = std::find_if(lists.begin(), lists.end(),
                                   [&](const Words& words) { return words.path == path; });
    if (list == lists.end()) return;
    if (std::find(list->all.begin(), list->all.end(), word) == list->all.end())
      Tell(path, path + " is never " + Quoted(word), FixOf(word, list->all));
  }

  void Tell(const std::string& path, std::string what, std::string fix) {
    fits_ = false;
    diagnostics_.Error(written_.At(path), std::move(what), std::move(fix));
  }

  const WrittenValues& written_;
  FileDiagnostics& diagnostics_;
  bool fits_ = true;
};

}  // namespace

const Json& FactShape() {
  static const Json kParsed = Json::parse(kShape);
  return kParsed;
}

bool FitsShape(const WrittenValues& written, FileDiagnostics& diagnostics) {
  Comparison comparison(written, diagnostics);
  comparison.Compare(written.values, FactShape(), "");
  return comparison.fits();
}

}  // namespace surety
