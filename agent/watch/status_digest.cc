#include "agent/watch/status_digest.h"

#include <array>

namespace surety {
namespace {

struct Line {
  std::string_view name;
  std::string StatusDigest::*place;
};

constexpr std::array<Line, 12> kLines{{
    {"TracerPid:", &StatusDigest::tracer},
    {"Uid:", &StatusDigest::users},
    {"Gid:", &StatusDigest::groups},
    {"Groups:", &StatusDigest::groups},
    {"NSsid:", &StatusDigest::session},
    {"CapInh:", &StatusDigest::powers},
    {"CapPrm:", &StatusDigest::powers},
    {"CapEff:", &StatusDigest::powers},
    {"CapBnd:", &StatusDigest::powers},
    {"CapAmb:", &StatusDigest::powers},
    {"NoNewPrivs:", &StatusDigest::powers},
    {"Seccomp:", &StatusDigest::powers},
}};

void Take(std::string_view line, StatusDigest& digest) {
  for (const auto& wanted : kLines)
    if (line.starts_with(wanted.name)) (digest.*wanted.place).append(line).push_back('\n');
}

}  // namespace

StatusDigest DigestOf(std::string_view status) {
  StatusDigest digest;
  while (!status.empty()) {
    const auto end = status.find('\n');
    Take(status.substr(0, end), digest);
    if (end == std::string_view::npos) break;
    status.remove_prefix(end + 1);
  }
  return digest;
}

}  // namespace surety
