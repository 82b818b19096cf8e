#include "agent/identity/nearest_name.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace surety {
namespace {

constexpr std::size_t kMaxTypedBytes = 64;

/// Optimal string alignment distance.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string_view NearestName(std::string_view typed, std::span<const std::string_view> names) {
  if (typed.size() > kMaxTypedBytes) return {};
  std::string_view best;
  std::size_t best_distance = kMaxTypedBytes;
  for (const std::string_view name : names) {
    const std::size_t distance = Distance(typed, name);
    if (distance * 3 > std::max(typed.size(), name.size()) || distance >= best_distance) continue;
    best = name;
    best_distance = distance;
  }
  return best;
}

}  // namespace surety
