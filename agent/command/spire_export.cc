#include "agent/command/spire_export.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <utility>

#include "attestors/printable.h"

namespace surety {
namespace {

// Depth is not bounded: the library reads and frees without recursion, and what is below
// the fields that are known is not looked at.
using Parsed = nlohmann::json;

constexpr std::array<std::string_view, 14> kFields{
    "id",           "spiffe_id",      "parent_id",  "selectors",      "x509_svid_ttl",
    "jwt_svid_ttl", "federates_with", "hint",       "dns_names",      "admin",
    "downstream",   "store_svid",     "expires_at", "revision_number"};
constexpr std::string_view kMadeAt = "created_at";  // Tells nothing that an entry could say.

Error WrongExport(const std::string& what) {
  return {ErrorCode::kInvalidArgument,
          what + "; make the file with: spire-server entry show -output json"};
}

// protobuf writes fields that are not set, too.
bool IsSet(const Parsed& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    return !text.empty() && text != "0";
  }
  return !value.empty() && value != Parsed(false) && value != Parsed(0);
}

/// Reads the fields of one entry; the first that is not what it should be is kept.
class FieldReader {
 public:
  explicit FieldReader(const Parsed& object) : object_(object) {}

  std::string Text(const char* name) { return TextOf(Find(name), name); }
  bool Flag(const char* name) {
    const Parsed* found = Find(name);
    if (found == nullptr) return false;
    if (!found->is_boolean()) Complain(name);
    return found->is_boolean() && found->get<bool>();
  }
  // Numbers of 64 bits are strings in protobuf's JSON.
  std::int64_t Number(const char* name) {
    const Parsed* found = Find(name);
    if (found == nullptr) return 0;
    if (found->is_number_integer() &&
        !(found->is_number_unsigned() && found->get<std::uint64_t>() > INT64_MAX))
      return found->get<std::int64_t>();
    if (found->is_string()) {
      const std::string text = found->get<std::string>();
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error == std::errc() && end == text.data() + text.size()) return number;
    }
    Complain(name);
    return 0;
  }
  std::vector<std::string> Texts(const char* name) {
    std::vector<std::string> texts;
    for (const Parsed& one : List(name)) texts.push_back(TextOf(&one, name));
    return texts;
  }
  std::vector<std::string> Selectors(const char* name) {
    std::vector<std::string> selectors;
    for (const Parsed& one : List(name)) {
      FieldReader selector(one);
      const std::string type = selector.Text("type");
      selectors.push_back(type + ":" + selector.Text("value"));
      if (!one.is_object() || type.empty() || selector.wrong_) Complain(name);
    }
    return selectors;
  }
  // Trust domain and path.
  std::pair<std::string, std::string> Id(const char* name) {
    const Parsed* found = Find(name);
    if (found == nullptr) return {};
    FieldReader id(*found);
    std::pair<std::string, std::string> parts{id.Text("trust_domain"), id.Text("path")};
    if (!found->is_object() || id.wrong_) Complain(name);
    return parts;
  }
  std::vector<std::string> Unknown() const {
    std::vector<std::string> names;
    for (const auto& [name, value] : object_.items()) {
      const bool known = std::find(kFields.begin(), kFields.end(), name) != kFields.end();
      if (!known && name != kMadeAt && IsSet(value)) names.push_back(Printable(name));
    }
    return names;
  }
  [[nodiscard]] const std::optional<std::string>& wrong() const { return wrong_; }

 private:
  const Parsed* Find(const char* name) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }
  const Parsed& List(const char* name) {
    static const Parsed kNone = Parsed::array();
    const Parsed* found = Find(name);
    if (found == nullptr) return kNone;
    if (found->is_array()) return *found;
    Complain(name);
    return kNone;
  }
  std::string TextOf(const Parsed* value, const char* name) {
    if (value == nullptr) return {};
    if (value->is_string()) return value->get<std::string>();
    Complain(name);
    return {};
  }
  void Complain(const char* name) {
    if (!wrong_) wrong_ = name;
  }

  const Parsed& object_;
  std::optional<std::string> wrong_;
};

Result<SpireEntry> ReadEntry(const Parsed& json, std::size_t number) {
  const std::string place = "entry " + std::to_string(number);
  if (!json.is_object()) return WrongExport(place + " is no object");
  FieldReader fields(json);
  SpireEntry entry;
  entry.id = fields.Text("id");
  std::tie(entry.trust_domain, entry.path) = fields.Id("spiffe_id");
  const auto parent = fields.Id("parent_id");
  if (!parent.first.empty()) entry.parent = "spiffe://" + parent.first + parent.second;
  entry.selectors = fields.Selectors("selectors");
  entry.x509_ttl = fields.Number("x509_svid_ttl");
  entry.jwt_ttl = fields.Number("jwt_svid_ttl");
  entry.federates_with = fields.Texts("federates_with");
  entry.hint = fields.Text("hint");
  entry.dns_names = fields.Texts("dns_names");
  entry.admin = fields.Flag("admin");
  entry.downstream = fields.Flag("downstream");
  entry.store_svid = fields.Flag("store_svid");
  entry.expires_at = fields.Number("expires_at");
  entry.unknown = fields.Unknown();
  if (fields.wrong())
    return WrongExport(place + ": " + *fields.wrong() + " is not what SPIRE writes there");
  return entry;
}

}  // namespace

Result<std::vector<SpireEntry>> ParseSpireExport(std::string_view text) {
  if (text.size() > kLargestSpireExport) return WrongExport("the export is larger than 16 MiB");
  const Parsed json = Parsed::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return WrongExport("the export is not JSON");
  const auto list = json.is_object() ? json.find("entries") : json.end();
  if (!json.is_object() || list == json.end() || !list->is_array())
    return WrongExport("the export has no list of entries");
  if (list->size() > kMostSpireEntries)
    return WrongExport("the export has more than 100000 entries");
  std::vector<SpireEntry> entries;
  for (const Parsed& one : *list) {
    auto entry = ReadEntry(one, entries.size() + 1);
    if (!entry) return entry.error();
    entries.push_back(*std::move(entry));
  }
  return entries;
}

}  // namespace surety
