#include "agent/policy/fact_defaults.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/policy/drift_rules.h"
#include "agent/policy/process_facts.h"

namespace surety {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kUsualId = "spiffe://example.org/web";
constexpr const char* kUsualLineage = "unit:/system.slice/web.service";
constexpr std::string_view kScheme = "spiffe://";

/// Null if nothing was written there.
const Json& At(const Json& object, const char* key) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto at = object.find(key);
  return at == object.end() ? kNothing : *at;
}
std::string TextAt(const Json& object, const char* key, const std::string& otherwise) {
  const Json& value = At(object, key);
  return value.is_string() ? value.get<std::string>() : otherwise;
}
bool BoolAt(const Json& object, const char* key, bool otherwise) {
  const Json& value = At(object, key);
  return value.is_boolean() ? value.get<bool>() : otherwise;
}

/// What is no selector is left out: it stands in the facts as it was written.
SelectorSet SelectorsIn(const Json& list) {
  SelectorSet out;
  if (!list.is_array()) return out;
  for (const Json& item : list)
    if (auto selector = Selector::Parse(item.get<std::string>())) out.Insert(*std::move(selector));
  return out;
}

Json TextsOf(const SelectorSet& selectors) {
  Json out = Json::array();
  for (const Selector& item : selectors) out.push_back(item.Text());
  return out;
}

/// `written`, an object or null, over `under`, name by name.
Json Merged(Json under, const Json& written) {
  for (const auto& item : written.items()) {
    Json& below = under[item.key()];
    below = below.is_object() ? Merged(below, item.value()) : item.value();
  }
  return under;
}

/// Works out one fact after the other, in the order in which they follow.
class Completion {
 public:
  explicit Completion(const Json& written) : written_(written) {
    action_ = TextAt(written, "action", "issue");
    const Json& drift = At(written, "drift");
    drift_ = {SelectorsIn(At(drift, "gained")), SelectorsIn(At(drift, "lost"))};
    pinned_ = BoolAt(written, "pinned", action_ != "issue" || !drift.is_null());
    matched_ = BoolAt(written, "entry_matched", true);
    ReadMissing();
    if (const Json& selectors = At(written, "selectors"); selectors.is_array()) {
      seen_.selectors = SelectorsIn(selectors);
    } else {
      seen_.selectors = UsualSelectors().Minus(drift_.lost);
      seen_.selectors.Merge(drift_.gained);
    }
    judged_ = JudgeDrift(drift_, seen_, std::nullopt);
    facts_ = ReadProcessFacts(seen_.selectors);
  }

  [[nodiscard]] Json Finish() const {
    Json out = Json::object();
    const Json process = Process();
    const Json now = Merged(process, At(written_, "process"));
    out["action"] = action_;
    out["principal"] = now.at("pid").dump() + "." + now.at("start").dump();
    out["identity"] = Identity();
    out["complete"] = seen_.complete();
    out["missing"] = Json::array();
    out["starting"] = false;
    out["wake"] = "events";
    out["challenge"] = "none";
    out["entry_matched"] = matched_;
    out["pinned"] = pinned_;
    out["selectors"] = TextsOf(seen_.selectors);
    out["process"] = process;
    AddExecutable(out);
    AddDrift(out);
    AddConduct(out);
    return Merged(std::move(out), written_);
  }

 private:
  static SelectorSet UsualSelectors() {
    return {{"cgroup", "id:42"},           {"cgroup", "path:/system.slice/web.service"},
            {"unix", "container:none"},    {"unix", "gid:1000"},
            {"unix", "path:/usr/bin/web"}, {"unix", "sha256:" + std::string(64, 'a')},
            {"unix", "uid:1000"}};
  }

  void ReadMissing() {
    const Json& missing = At(written_, "missing");
    if (!missing.is_array()) return;
    for (const Json& kind : missing)
      seen_.missing.push_back(
          {kind.get<std::string>(), Error(ErrorCode::kUnavailable, "not looked at")});
  }

  [[nodiscard]] Json Identity() const {
    if (!matched_)
      return {{"id", "none"}, {"trust_domain", ""}, {"path", ""},
              {"entry", ""},  {"hint", ""},         {"selectors", Json::array()}};
    const std::string id = TextAt(At(written_, "identity"), "id", kUsualId);
    std::string_view rest = id;
    if (rest.starts_with(kScheme)) rest.remove_prefix(kScheme.size());
    const auto slash = rest.find('/');
    const std::string path(slash == std::string_view::npos ? "" : rest.substr(slash));
    return {
        {"id", id},     {"trust_domain", std::string(rest.substr(0, slash))},
        {"path", path}, {"entry", path.empty() ? path : path.substr(1)},
        {"hint", ""},   {"selectors", Json::array({"unix:path:/usr/bin/web", "unix:uid:1000"})}};
  }

  [[nodiscard]] Json Process() const {
    Json out{{"pid", 4711},
             {"start", 100},
             {"uid", facts_.uid.value_or(1000)},
             {"gid", facts_.gid.value_or(1000)}};
    const auto add = [&](const char* name, const std::optional<std::string_view>& value) {
      if (value) out[name] = std::string(*value);
    };
    add("user", facts_.user);
    add("group", facts_.group);
    add("path", facts_.path);
    add("claimed_path", facts_.claimed_path);
    add("sha256", facts_.sha256);
    add("cgroup", facts_.cgroup);
    add("label", facts_.label);
    out["no_new_privs"] = facts_.no_new_privs;
    return out;
  }

  void AddExecutable(Json& out) const {
    out["exe"] = {{"memfd", facts_.memfd},
                  {"deleted", facts_.deleted},
                  {"replaced", facts_.replaced || judged_.replaced},
                  {"unhashed", facts_.unhashed}};
    out["traced"] = {{"attached", facts_.traced},
                     {"by_root", facts_.traced && facts_.tracer_uid == 0U}};
    if (facts_.tracer_uid) out["traced"]["uid"] = *facts_.tracer_uid;
    out["env_preload"] = Json::array();
    for (const Selector* preload : facts_.preloads) out["env_preload"].push_back(preload->Text());
    out["capabilities"] = Json::array();
    for (const auto name : facts_.capabilities) out["capabilities"].push_back(std::string(name));
    out["container"] = std::string(facts_.container);
  }

  void AddDrift(Json& out) const {
    const Json& drift = At(written_, "drift");
    const auto some = [&](const char* list) { return !At(drift, list).empty(); };
    out["drift"] = {{"any", !judged_.jumps.empty() || !judged_.harmless.empty() || some("kinds") ||
                                some("classes") || some("harmless")},
                    {"kinds", judged_.jumps},
                    {"classes", judged_.classes},
                    {"harmless", judged_.harmless},
                    {"gained", Json::array()},
                    {"lost", Json::array()}};
  }

  void AddConduct(Json& out) const {
    const Json& lineage = At(written_, "lineage");
    const std::string id = TextAt(lineage, "id", kUsualLineage);
    const std::string now = TextAt(lineage, "now", id);
    out["lineage"] = {{"id", id},
                      {"kind", id.substr(0, id.find(':'))},
                      {"now", now},
                      {"left", id != now},
                      {"new_identity", action_ == "issue" && !pinned_ && matched_},
                      {"ancestor_uids", Json::array({0})}};
    const int before = pinned_ ? 1 : 0;
    const Json counts{
        {"svids", before}, {"streams", before}, {"refusals", 0}, {"spiffe_ids", before}};
    out["velocity"] = {{"lineage", counts}, {"process", counts}};
    out["risk"] = {{"score", 0}, {"signals", Json::array()}};
    out["quarantined"] = false;
    out["quarantine_reason"] = "";
    out["audiences"] = Json::array();
  }

  const Json& written_;
  std::string action_;
  bool pinned_ = false;
  bool matched_ = true;
  Drift drift_;
  Attestation seen_;
  DriftJudgement judged_;
  ProcessFacts facts_;  // Borrows from seen_.
};

}  // namespace

Json CompletedFacts(const Json& written) { return Completion(written).Finish(); }

}  // namespace surety
