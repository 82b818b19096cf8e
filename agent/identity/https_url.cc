#include "agent/identity/https_url.h"

#include <algorithm>

namespace surety {
namespace {

constexpr std::string_view kHttps = "https://";

Error NoUrl(std::string_view why) { return {ErrorCode::kInvalidArgument, std::string(why)}; }

// Programs do not agree about what a backslash means in a URL.
bool IsOfUrl(char letter) { return letter > ' ' && letter <= '~' && letter != '\\'; }

std::string_view AuthorityOf(std::string_view url) {
  const std::string_view rest = url.substr(kHttps.size());
  return rest.substr(0, rest.find_first_of("/?#"));
}

}  // namespace

Result<void> CheckHttpsUrl(std::string_view url) {
  if (!url.starts_with(kHttps)) return NoUrl("does not begin with https://");
  if (url.size() > kMaxUrlBytes) return NoUrl("is longer than 2048 bytes");
  if (!std::ranges::all_of(url, IsOfUrl)) return NoUrl("has a byte that no URL has");
  const std::string_view authority = AuthorityOf(url);
  if (authority.empty() || authority.front() == ':') return NoUrl("names no host");
  if (authority.find('@') != std::string_view::npos)
    return NoUrl("holds a user or a password, which a bundle endpoint must not ask for");
  return {};
}

Result<void> CheckHttpsOrigin(std::string_view url) {
  if (auto checked = CheckHttpsUrl(url); !checked) return checked;
  if (url.size() != kHttps.size() + AuthorityOf(url).size())
    return NoUrl("has something behind its host and port");
  return {};
}

}  // namespace surety
