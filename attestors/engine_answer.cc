#include "attestors/engine_answer.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

namespace surety {
namespace {

using Json = nlohmann::json;

constexpr int kDeepest = 32;
constexpr std::size_t kMost = 1000;
// Of all names and values of one field: what is believed is remembered, and goes into
// selectors, pins and the record.
constexpr std::size_t kMostBytes = std::size_t{64} * 1024;

Error Unusable(const std::string& why) {
  return {ErrorCode::kUnavailable, "the engine's answer " + why};
}

// An object, or nothing.
std::optional<Json> ParseObject(std::string_view text) {
  bool too_deep = false;
  const auto bounded = [&too_deep](int depth, Json::parse_event_t /*event*/, Json& /*value*/) {
    too_deep = too_deep || depth > kDeepest;
    return !too_deep;
  };
  Json json = Json::parse(text, bounded, false);
  if (too_deep || !json.is_object()) return std::nullopt;
  return json;
}

/// Reads fields of one object and remembers the first that is not as it should be.
class Fields {
 public:
  explicit Fields(const Json& json) : json_(json) {}

  // Empty if it is absent or null, which engines write for "none", as all that follows.
  std::string Text(const char* key) {
    const Json* const value = Find(key);
    if (value == nullptr) return {};
    return value->is_string() ? value->get<std::string>() : Wrong<std::string>(key);
  }

  const Json& Object(const char* key) {
    static const Json kEmpty = Json::object();
    const Json* const value = Find(key);
    if (value == nullptr) return kEmpty;
    if (value->is_object()) return *value;
    Wrong<bool>(key);
    return kEmpty;
  }

  ContainerFacts::Labels Labels(const char* key) {
    const Json& object = Object(key);
    if (object.size() > kMost) return Wrong<ContainerFacts::Labels>(key);
    ContainerFacts::Labels out;
    std::size_t bytes = 0;
    for (const auto& [name, value] : object.items()) {
      if (!value.is_string()) return Wrong<ContainerFacts::Labels>(key);
      const auto& text = value.get_ref<const std::string&>();
      bytes += name.size() + text.size();
      if (bytes > kMostBytes) return Wrong<ContainerFacts::Labels>(key);
      out.emplace(name, text);
    }
    return out;
  }

  std::vector<std::string> Texts(const char* key) {
    const Json* const value = Find(key);
    if (value == nullptr) return {};
    if (!value->is_array() || value->size() > kMost) return Wrong<std::vector<std::string>>(key);
    std::vector<std::string> out;
    std::size_t bytes = 0;
    for (const Json& item : *value) {
      if (!item.is_string()) return Wrong<std::vector<std::string>>(key);
      out.push_back(item.get<std::string>());
      bytes += out.back().size();
      if (bytes > kMostBytes) return Wrong<std::vector<std::string>>(key);
    }
    return out;
  }

  // Lower-case hex digits, which may go into a path.
  std::string Id(const char* key) {
    std::string id = Text(key);
    return id.find_first_not_of("0123456789abcdef") == std::string::npos ? id
                                                                         : Wrong<std::string>(key);
  }

  pid_t Pid(const char* key) {
    const Json* const value = Find(key);
    if (value == nullptr) return 0;
    const auto pid = value->is_number_integer() ? value->get<std::int64_t>() : -1;
    if (pid < 0 || pid > std::numeric_limits<pid_t>::max()) return Wrong<pid_t>(key);
    return static_cast<pid_t>(pid);
  }

  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  const Json* Find(const char* key) const {
    const auto at = json_.find(key);
    return at == json_.end() || at->is_null() ? nullptr : &*at;
  }
  template <typename Value>
  Value Wrong(const char* key) {
    if (wrong_.empty()) wrong_ = key;
    return {};
  }

  const Json& json_;
  std::string wrong_;
};

// The field that cannot be used, of several objects.
Result<void> Check(std::initializer_list<const Fields*> all) {
  for (const Fields* fields : all) {
    if (!fields->wrong().empty())
      return Unusable("has a \"" + fields->wrong() + "\" that is not one");
  }
  return {};
}

Result<void> CheckRuns(const ContainerFacts& facts) {
  if (facts.pid > 0 && !facts.started_at.empty()) return {};
  return Unusable("says that the container does not run");
}

// Podman writes the bare digits.
std::string DigestOf(const std::string& text) {
  return text.empty() || text.find(':') != std::string::npos ? text : "sha256:" + text;
}

}  // namespace

Result<ContainerFacts> ParseDockerContainer(std::string_view text) {
  const auto json = ParseObject(text);
  if (!json) return Unusable("is not a JSON object, or is nested too deep");
  Fields top(*json);
  Fields config(top.Object("Config"));
  Fields state(top.Object("State"));
  Fields manifest(top.Object("ImageManifestDescriptor"));
  ContainerFacts facts;
  facts.id = top.Id("Id");
  facts.name = top.Text("Name");
  if (facts.name.starts_with('/')) facts.name.erase(0, 1);
  facts.image_id = config.Text("Image");
  facts.image_digest = manifest.Text("digest");
  // With an image store that knows manifests, "Image" is the digest of one.
  if (facts.image_digest.empty())
    facts.image_digest = facts.image_config_digest = DigestOf(top.Text("Image"));
  facts.labels = config.Labels("Labels");
  facts.env = config.Texts("Env");
  facts.pid = state.Pid("Pid");
  facts.started_at = state.Text("StartedAt");
  if (const auto good = Check({&top, &config, &state, &manifest}); !good) return good.error();
  if (const auto runs = CheckRuns(facts); !runs) return runs.error();
  return facts;
}

Result<ContainerFacts> ParsePodmanContainer(std::string_view text) {
  const auto json = ParseObject(text);
  if (!json) return Unusable("is not a JSON object, or is nested too deep");
  Fields top(*json);
  Fields config(top.Object("Config"));
  Fields state(top.Object("State"));
  ContainerFacts facts;
  facts.id = top.Id("Id");
  facts.name = top.Text("Name");
  facts.image_id = top.Text("ImageName");
  facts.image_digest = DigestOf(top.Text("ImageDigest"));
  facts.image_config_digest = DigestOf(top.Text("Image"));
  facts.labels = config.Labels("Labels");
  facts.env = config.Texts("Env");
  facts.pid = state.Pid("Pid");
  facts.started_at = state.Text("StartedAt");
  facts.pod_id = top.Id("Pod");
  if (const auto good = Check({&top, &config, &state}); !good) return good.error();
  if (const auto runs = CheckRuns(facts); !runs) return runs.error();
  return facts;
}

Result<void> ParsePodmanPod(std::string_view text, ContainerFacts& facts) {
  const auto json = ParseObject(text);
  if (!json) return Unusable("of the pod is not a JSON object, or is nested too deep");
  Fields top(*json);
  const std::string id = top.Id("Id");
  facts.pod_name = top.Text("Name");
  facts.pod_labels = top.Labels("Labels");
  if (const auto good = Check({&top}); !good) return good.error();
  if (id != facts.pod_id) return Unusable("is about another pod");
  return {};
}

Result<void> ParseCriInfo(std::string_view text, ContainerFacts& facts) {
  const auto json = ParseObject(text);
  if (!json) return Unusable("has an \"info\" that is no JSON object, or is nested too deep");
  Fields top(*json);
  facts.pid = top.Pid("pid");
  facts.pod_id = top.Id("sandboxID");
  if (const auto good = Check({&top}); !good) return good.error();
  if (facts.pid == 0 || facts.pod_id.empty())
    return Unusable("does not say which process or pod the container has");
  return {};
}

bool SaysNotFound(std::string_view text) {
  const auto json = ParseObject(text);
  if (!json) return false;
  const auto message = json->find("message");
  return message != json->end() && message->is_string();
}

}  // namespace surety
