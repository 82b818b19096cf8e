#include "agent/identity/dns_name.h"

#include <algorithm>
#include <string>

#include "agent/identity/diagnostic.h"

namespace surety {
namespace {

constexpr std::size_t kMaxNameBytes = 253;
constexpr std::size_t kMaxLabelBytes = 63;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLabelByte(char c) { return (c >= 'a' && c <= 'z') || IsDigit(c) || c == '-'; }

Error Invalid(std::string_view name, std::string_view why) {
  return {ErrorCode::kInvalidArgument, "DNS name " + Quoted(name) + " " + std::string(why)};
}

Result<void> CheckLabel(std::string_view name, std::string_view label) {
  if (label.empty()) return Invalid(name, "has an empty label");
  if (label.size() > kMaxLabelBytes) return Invalid(name, "has a label of more than 63 bytes");
  if (std::any_of(label.begin(), label.end(), IsUpper)) return Invalid(name, "is not lower case");
  if (!std::all_of(label.begin(), label.end(), IsLabelByte))
    return Invalid(name, "has a byte other than a-z, 0-9, '-' and '.' in it");
  if (label.front() == '-' || label.back() == '-')
    return Invalid(name, "has a label that begins or ends with '-'");
  return {};
}

}  // namespace

Result<void> CheckDnsName(std::string_view name) {
  if (name.empty()) return Invalid(name, "is empty");
  if (name.size() > kMaxNameBytes) return Invalid(name, "is longer than 253 bytes");
  std::string_view rest = name;
  if (name == "*" || name.starts_with("*.")) {
    rest.remove_prefix(std::min<std::size_t>(2, name.size()));
    if (rest.find('.') == std::string_view::npos)
      return Invalid(name, "is a wildcard with fewer than two labels behind it");
  }
  while (true) {
    const std::size_t end = std::min(rest.find('.'), rest.size());
    const std::string_view label = rest.substr(0, end);
    if (auto checked = CheckLabel(name, label); !checked) return checked;
    if (end == rest.size()) {
      if (std::all_of(label.begin(), label.end(), IsDigit))
        return Invalid(name, "ends in a number, as an IP address does");
      return {};
    }
    rest.remove_prefix(end + 1);
  }
}

}  // namespace surety
