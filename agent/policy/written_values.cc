#include "agent/policy/written_values.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "agent/identity/toml_reader.h"

namespace surety {
namespace {

using Json = nlohmann::ordered_json;

class Converter {
 public:
  Json Convert(const toml::node& node, const std::string& path) {
    const auto& begin = node.source().begin;
    places_[path] = {begin.line, begin.column};
    if (const auto* table = node.as_table()) return Object(*table, path);
    if (const auto* array = node.as_array()) return Array(*array, path);
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return number->get();
    if (const auto* number = node.as_floating_point()) return number->get();
    if (const auto* truth = node.as_boolean()) return truth->get();
    return nullptr;
  }
  std::map<std::string, Position, std::less<>> TakePlaces() && { return std::move(places_); }

 private:
  Json Object(const toml::table& table, const std::string& path) {
    Json out = Json::object();
    for (const auto& [key, value] : table) {
      const std::string name(key.str());
      out[name] = Convert(value, path.empty() ? name : path + "." + name);
    }
    return out;
  }
  Json Array(const toml::array& array, const std::string& path) {
    Json out = Json::array();
    std::size_t index = 0;
    for (const toml::node& item : array)
      out.push_back(Convert(item, path + "[" + std::to_string(index++) + "]"));
    return out;
  }

  std::map<std::string, Position, std::less<>> places_;
};

/// Of the byte at `offset`, counted from 1.
Position PlaceIn(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset == 0 ? 0 : offset - 1);
  const auto line_start = before.rfind('\n');
  const std::string_view line =
      line_start == std::string_view::npos ? before : before.substr(line_start + 1);
  const auto characters = std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  });
  const auto lines = std::count(before.begin(), before.end(), '\n');
  return {static_cast<std::uint32_t>(lines + 1), static_cast<std::uint32_t>(characters + 1)};
}

std::optional<WrittenValues> ReadJson(std::string_view text, FileDiagnostics& diagnostics) {
  try {
    WrittenValues out;
    out.values = Json::parse(text);
    return out;
  } catch (const Json::parse_error& error) {
    diagnostics.Error(PlaceIn(text, error.byte), "not valid JSON",
                      "correct the syntax here or just before; what follows was not looked at");
  } catch (const Json::exception&) {
    diagnostics.Error({}, "a number that is out of range", "numbers are whole, below 2^63");
  }
  return std::nullopt;
}

}  // namespace

Position WrittenValues::At(std::string_view path) const {
  while (true) {
    if (const auto at = places.find(path); at != places.end()) return at->second;
    const auto end = path.find_last_of(".[");
    if (end == std::string_view::npos) break;
    path = path.substr(0, end);
  }
  const auto whole = places.find("");
  return whole == places.end() ? Position{} : whole->second;
}

WrittenValues ValuesOf(const toml::table& table) {
  WrittenValues out;
  Converter converter;
  out.values = converter.Convert(table, "");
  out.places = std::move(converter).TakePlaces();
  return out;
}

std::optional<WrittenValues> ReadValues(std::string_view text, FileDiagnostics& diagnostics) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '{') return ReadJson(text, diagnostics);
  const auto table = ParseToml(text, diagnostics);
  if (!table) return std::nullopt;
  return ValuesOf(*table);
}

}  // namespace surety
