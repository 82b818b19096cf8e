#include "agent/issuance/strict_json.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/identity/diagnostic.h"

namespace surety {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostLevels = 16;

// Looks at each value as it is read, before any is kept. The names of its functions are
// those that nlohmann::json::sax_parse calls.
class StrictReader final : public nlohmann::json_sax<Json> {
 public:
  explicit StrictReader(std::size_t most_values) : most_values_(most_values) {}
  [[nodiscard]] const std::string& complaint() const { return complaint_; }

  bool null() override { return Value(); }
  bool boolean(bool /*value*/) override { return Value(); }
  bool number_integer(number_integer_t /*value*/) override { return Value(); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return Value(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return Value(); }
  bool string(string_t& /*value*/) override { return Value(); }
  bool binary(binary_t& /*value*/) override { return Complain("it has binary values"); }
  bool start_object(std::size_t /*elements*/) override { return Open(); }
  bool start_array(std::size_t /*elements*/) override { return Open(); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& name) override {
    if (names_.back().insert(name).second) return true;
    return Complain("the name " + Quoted(name) + " stands twice in one object");
  }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*why*/) override {
    return Complain("it is not JSON");
  }

 private:
  bool Complain(std::string what) {
    complaint_ = std::move(what);
    return false;
  }
  bool Value() { return ++values_ <= most_values_ || Complain("it has too many values"); }
  bool Open() {
    names_.emplace_back();
    if (names_.size() > kMostLevels) return Complain("it is nested too deep");
    return Value();
  }
  bool Close() {
    names_.pop_back();
    return true;
  }

  const std::size_t most_values_;
  std::vector<std::set<std::string>> names_;  // Of the objects and lists that are open.
  std::size_t values_ = 0;
  std::string complaint_;
};

}  // namespace

Result<Json> ParseStrictObject(std::string_view text, std::size_t most_values) {
  // The library would take a zero byte for the end, and pass over a byte order mark.
  if (text.find('\0') != std::string_view::npos || text.starts_with("\xef\xbb\xbf"))
    return Error(ErrorCode::kInvalidArgument, "it is not JSON");
  StrictReader reader(most_values);
  if (!Json::sax_parse(text, &reader))
    return Error(ErrorCode::kInvalidArgument, reader.complaint());
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Error(ErrorCode::kInvalidArgument, "it is not a JSON object");
  return json;
}

}  // namespace surety
