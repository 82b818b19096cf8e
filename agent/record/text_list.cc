#include "agent/record/text_list.h"

#include <charconv>
#include <cstdint>

namespace surety {

std::string WriteTextList(std::span<const std::string> texts) {
  std::string list;
  for (const std::string& text : texts) list += std::to_string(text.size()) + ":" + text + ",";
  return list;
}

Result<std::vector<std::string>> ReadTextList(std::string_view list) {
  std::vector<std::string> texts;
  while (!list.empty()) {
    const std::size_t colon = list.find(':');
    const auto length = ReadNumber<std::uint32_t>(list.substr(0, colon));
    if (colon == std::string_view::npos || !length || list.size() - colon - 1 <= *length ||
        list[colon + 1 + *length] != ',')
      return Error(ErrorCode::kDataLoss, "a stored list is damaged");
    texts.emplace_back(list.substr(colon + 1, *length));
    list.remove_prefix(colon + 2 + *length);
  }
  return texts;
}

template <typename Number>
Result<Number> ReadNumber(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || at != end)
    return Error(ErrorCode::kDataLoss, "a stored number is damaged");
  return number;
}

template Result<std::int32_t> ReadNumber(std::string_view text);
template Result<std::uint32_t> ReadNumber(std::string_view text);
template Result<std::int64_t> ReadNumber(std::string_view text);
template Result<std::uint64_t> ReadNumber(std::string_view text);

}  // namespace surety
