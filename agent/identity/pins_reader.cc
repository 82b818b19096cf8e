#include "agent/identity/pins_reader.h"

#include <algorithm>
#include <string_view>

#include "agent/identity/entries_file.h"
#include "agent/identity/nearest_name.h"

namespace surety {
namespace {

constexpr std::string_view kExample = R"(["unix:uid", "unix:path"])";

std::string NearestAndAll(std::string_view typed, const std::vector<std::string_view>& names) {
  const std::string_view nearest = NearestName(typed, names);
  std::string fix = nearest.empty() ? "" : "did you mean \"" + std::string(nearest) + "\"? ";
  fix += "known are ";
  for (const std::string_view name : names)
    fix += (name == names.front() ? "" : ", ") + std::string(name);
  return fix;
}

}  // namespace

std::optional<std::vector<std::string>> PinsReader::Read() {
  const auto texts = table_.Strings("pins", kExample, kMaxPinsPerEntry);
  if (!texts) return std::nullopt;
  // Not the same as none: no change of the process would ever count.
  if (texts->empty()) {
    diagnostics_.Error(table_.At("pins"),
                       "the list of pins is empty, so nothing that the process becomes would count",
                       "leave pins out, for all but the volatile kinds, or name those that count: "
                       "pins = " +
                           std::string(kExample));
    return std::nullopt;
  }
  std::vector<std::string> pins;
  for (const auto& text : *texts) {
    if (!IsPin(text)) continue;
    const auto at = std::lower_bound(pins.begin(), pins.end(), text.value);
    if (at != pins.end() && *at == text.value)
      diagnostics_.Warn(text.at, "pin " + Quoted(text.value) + " is there twice", "remove one");
    else
      pins.insert(at, text.value);
  }
  if (pins.empty()) return std::nullopt;
  return pins;
}

bool PinsReader::IsPin(const Located<std::string>& text) {
  const auto refuse = [&](const std::string& what, const std::string& fix) {
    diagnostics_.Error(text.at, "pin " + Quoted(text.value) + " " + what, fix);
    return false;
  };
  const std::string_view pin = text.value;
  const auto colon = pin.find(':');
  const std::string_view type = pin.substr(0, colon);
  if (type.empty() || pin.ends_with(':') || pin.substr(type.size()).starts_with("::"))
    return refuse("is not a kind of selector",
                  "write it without a value, such as \"unix:path\"; a type alone, such as "
                  "\"cgroup\", stands for all of its kinds");
  const std::string section = KnownSelectors::SectionOf(type);
  if (!known_.HasType(type) && !section.empty())
    return refuse("is of the type " + Quoted(type) + ", whose attestor is switched off",
                  "add the section " + section + " to the daemon's configuration");
  if (!known_.HasType(type))
    return refuse("is of the type " + Quoted(type) + ", which no attestor here makes",
                  NearestAndAll(type, known_.Types()));
  if (colon == std::string_view::npos) return true;
  const std::string_view kind = pin.substr(0, pin.find(':', colon + 1));
  if (!known_.HasKind(kind))
    return refuse("is of the kind " + Quoted(kind) + ", which no attestor here makes",
                  NearestAndAll(kind, known_.KindsOf(type)));
  if (kind != pin)
    return refuse("has a value: a pin is a kind of selector, whatever its value",
                  "write \"" + std::string(kind) + "\"");
  return true;
}

}  // namespace surety
