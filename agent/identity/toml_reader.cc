#include "agent/identity/toml_reader.h"

#include <algorithm>

#include "agent/identity/duration_text.h"
#include "agent/identity/nearest_name.h"
#include "agent/identity/toml_depth.h"

namespace surety {
namespace {

Position PositionOf(const toml::source_region& region) {
  return {region.begin.line, region.begin.column};
}

std::string_view TypeName(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a float";
    case toml::node_type::boolean: return "a boolean";
    case toml::node_type::date: return "a date";
    case toml::node_type::time: return "a time";
    case toml::node_type::date_time: return "a date and time";
    case toml::node_type::none: break;
  }
  return "nothing";
}

std::string Write(std::string_view key, std::string_view example) {
  return "write " + std::string(key) + " = " + std::string(example);
}

/// toml++ quotes parts of the file in its messages.
std::string Printable(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

}  // namespace

std::optional<toml::table> ParseToml(std::string_view text, FileDiagnostics& diagnostics) {
  if (const auto deep = TooDeepKey(text)) {
    diagnostics.Error(*deep, "a key has more than 16 dots",
                      "no key of Surety has more than one; is this the right file?");
    return std::nullopt;
  }
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    diagnostics.Error(PositionOf(error.source()),
                      "not valid TOML: " + Printable(error.description()),
                      "correct the syntax here or just before; what follows in this file was not "
                      "looked at");
  }
  return std::nullopt;
}

const toml::node* TomlTable::Find(std::string_view key) {
  known_.push_back(key);
  return table_.get(key);
}

void TomlTable::WrongType(const toml::node& node, std::string_view key, std::string_view wanted,
                          std::string_view example) {
  diagnostics_.Error(
      PositionOf(node.source()),
      std::string(key) + " is " + std::string(TypeName(node)) + ", not " + std::string(wanted),
      Write(key, example));
}

void TomlTable::WrongElement(const toml::node& node, std::string_view key, std::string_view wanted,
                             std::string_view example) {
  diagnostics_.Error(PositionOf(node.source()),
                     "an element of " + std::string(key) + " is " + std::string(TypeName(node)) +
                         ", not " + std::string(wanted),
                     Write(key, example));
}

std::optional<Located<std::string>> TomlTable::String(std::string_view key,
                                                      std::string_view example) {
  const toml::node* node = Find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* text = node->as_string())
    return Located<std::string>{text->get(), PositionOf(node->source())};
  WrongType(*node, key, "a string", example);
  return std::nullopt;
}

std::optional<Located<std::int64_t>> TomlTable::Integer(std::string_view key,
                                                        std::string_view example) {
  const toml::node* node = Find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* number = node->as_integer())
    return Located<std::int64_t>{number->get(), PositionOf(node->source())};
  WrongType(*node, key, "an integer", example);
  return std::nullopt;
}

std::optional<Located<std::string>> TomlTable::NameOrNumber(std::string_view key,
                                                            std::string_view example) {
  const toml::node* node = Find(key);
  if (node == nullptr) return std::nullopt;
  const Position at = PositionOf(node->source());
  if (const auto* text = node->as_string()) return Located<std::string>{text->get(), at};
  if (const auto* number = node->as_integer())
    return Located<std::string>{std::to_string(number->get()), at};
  WrongType(*node, key, "a name or a number", example);
  return std::nullopt;
}

std::optional<Located<bool>> TomlTable::Boolean(std::string_view key, std::string_view example) {
  const toml::node* node = Find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* answer = node->as_boolean())
    return Located<bool>{answer->get(), PositionOf(node->source())};
  WrongType(*node, key, "true or false", example);
  return std::nullopt;
}

template <typename Span>
std::optional<Located<Span>> TomlTable::Between(std::string_view key, std::string_view example,
                                                const Located<std::string>& text,
                                                const Result<Span>& span, Span least, Span most) {
  if (!span) {
    diagnostics_.Error(text.at, std::string(key) + ": " + span.error().message(),
                       Write(key, example));
    return std::nullopt;
  }
  if (*span < least || *span > most) {
    diagnostics_.Error(
        text.at,
        std::string(key) + " is " + (*span < least ? "shorter" : "longer") + " than " +
            FineDurationText(*span < least ? least : most),
        "choose a span from " + FineDurationText(least) + " to " + FineDurationText(most));
    return std::nullopt;
  }
  return Located<Span>{*span, text.at};
}

std::optional<Located<Seconds>> TomlTable::Duration(std::string_view key, std::string_view example,
                                                    Seconds least, Seconds most) {
  const auto text = String(key, example);
  if (!text) return std::nullopt;
  return Between(key, example, *text, ParseDuration(text->value), least, most);
}

std::optional<Located<std::chrono::milliseconds>> TomlTable::FineDuration(
    std::string_view key, std::string_view example, std::chrono::milliseconds least,
    std::chrono::milliseconds most) {
  const auto text = String(key, example);
  if (!text) return std::nullopt;
  return Between(key, example, *text, ParseFineDuration(text->value), least, most);
}

const toml::array* TomlTable::Array(std::string_view key, std::string_view wanted,
                                    std::string_view example, std::size_t most) {
  const toml::node* node = Find(key);
  if (node == nullptr) return nullptr;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    WrongType(*node, key, wanted, example);
  } else if (array->size() > most) {
    diagnostics_.Error(PositionOf(node->source()),
                       std::string(key) + " has " + std::to_string(array->size()) + " elements",
                       "give at most " + std::to_string(most));
    return nullptr;
  }
  return array;
}

std::optional<std::vector<Located<std::string>>> TomlTable::Strings(std::string_view key,
                                                                    std::string_view example,
                                                                    std::size_t most) {
  const toml::array* array = Array(key, "an array of strings", example, most);
  if (array == nullptr) return std::nullopt;
  std::vector<Located<std::string>> out;
  for (const toml::node& node : *array) {
    if (const auto* text = node.as_string())
      out.push_back({text->get(), PositionOf(node.source())});
    else
      WrongElement(node, key, "a string", example);
  }
  if (out.empty() && !array->empty()) return std::nullopt;
  return out;
}

std::optional<std::vector<Located<std::int64_t>>> TomlTable::Integers(std::string_view key,
                                                                      std::string_view example,
                                                                      std::size_t most) {
  const toml::array* array = Array(key, "an array of integers", example, most);
  if (array == nullptr) return std::nullopt;
  std::vector<Located<std::int64_t>> out;
  for (const toml::node& node : *array) {
    if (const auto* number = node.as_integer())
      out.push_back({number->get(), PositionOf(node.source())});
    else
      WrongElement(node, key, "an integer", example);
  }
  if (out.empty() && !array->empty()) return std::nullopt;
  return out;
}

const toml::table* TomlTable::Table(std::string_view key, std::string_view example) {
  const toml::node* node = Find(key);
  if (node == nullptr) return nullptr;
  const toml::table* table = node->as_table();
  if (table == nullptr)
    diagnostics_.Error(PositionOf(node->source()),
                       std::string(key) + " is " + std::string(TypeName(*node)) + ", not a table",
                       "write its keys under the heading " + std::string(example));
  return table;
}

std::vector<const toml::table*> TomlTable::Tables(std::string_view key, std::string_view example) {
  const toml::node* node = Find(key);
  if (node == nullptr) return {};
  std::vector<const toml::table*> out;
  const auto refuse = [&](const toml::node& wrong, std::string_view what) {
    diagnostics_.Error(PositionOf(wrong.source()),
                       std::string(what) + std::string(TypeName(wrong)) + ", not a table of a list",
                       "put the heading " + std::string(example) + " above its keys");
  };
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    refuse(*node, std::string(key) + " is ");
    return out;
  }
  for (const toml::node& element : *array) {
    if (const auto* table = element.as_table())
      out.push_back(table);
    else
      refuse(element, "an element of " + std::string(key) + " is ");
  }
  return out;
}

Position TomlTable::At(std::string_view key) const {
  const toml::node* node = table_.get(key);
  return node == nullptr ? at() : PositionOf(node->source());
}

Position TomlTable::at() const {
  const Position at = PositionOf(table_.source());
  return at.line == 0 ? Position{1, 1} : at;
}

void TomlTable::RefuseUnknownKeys() {
  for (const auto& [key, value] : table_) {
    if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) continue;
    const std::string_view nearest = NearestName(key.str(), known_);
    std::string fix;
    if (!nearest.empty()) {
      fix = "did you mean \"" + std::string(nearest) + "\"?";
    } else {
      fix = "remove it; known keys are ";
      for (std::size_t i = 0; i < known_.size(); ++i)
        fix += (i == 0 ? "" : ", ") + std::string(known_[i]);
    }
    diagnostics_.Error(
        PositionOf(key.source()),
        "unknown key " + Quoted(key.str()) + (title_.empty() ? "" : " in " + std::string(title_)),
        std::move(fix));
  }
}

}  // namespace surety
