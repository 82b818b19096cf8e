#include "attestors/findings.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace surety {
namespace {

// The first eight bytes as a number, in the order that the strings have.
std::uint64_t HeadOf(std::string_view text) {
  std::array<char, sizeof(std::uint64_t)> bytes{};
  std::memcpy(bytes.data(), text.data(), std::min(bytes.size(), text.size()));
  std::uint64_t head = 0;
  for (const char byte : bytes) head = head << 8U | static_cast<unsigned char>(byte);
  return head;
}

}  // namespace

void Findings::Missing(std::string_view kind, const Error& why) {
  std::string full = type_ + ":" + std::string(kind);
  const auto same = [&](const MissingFact& fact) { return fact.kind == full; };
  if (std::none_of(missing_.begin(), missing_.end(), same))
    missing_.push_back({std::move(full), why});
}

Attestation Findings::Finish() && {
  // Most pairs differ within the first eight bytes, which are compared as a number.
  struct Place {
    std::uint64_t head;
    std::string* value;
    bool operator<(const Place& other) const {
      return head != other.head ? head < other.head : *value < *other.value;
    }
  };
  std::vector<Place> order;
  order.reserve(values_.size());
  for (auto& value : values_) order.push_back({HeadOf(value), &value});
  std::sort(order.begin(), order.end());

  std::vector<Selector> selectors;
  selectors.reserve(values_.size());
  for (const auto& place : order) selectors.push_back({type_, std::move(*place.value)});
  Attestation out;
  out.selectors = SelectorSet(std::move(selectors));
  out.missing = std::move(missing_);
  return out;
}

}  // namespace surety
