#include "agent/command/endpoint_uri.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "attestors/printable.h"

namespace surety {
namespace {

constexpr std::size_t kMaxPathBytes = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::string_view kHex = "0123456789ABCDEF";

Error Refuse(std::string_view uri, std::string_view why) {
  return {ErrorCode::kInvalidArgument, "\"" + Printable(uri) + "\": " + std::string(why)};
}

bool IsPathByte(char c) {
  constexpr std::string_view kMarks = "/-._~!$&'()*+,;=:@";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kMarks.find(c) != std::string_view::npos;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The scheme in lower case, and what follows its colon.
std::pair<std::string, std::string_view> SplitScheme(std::string_view uri) {
  const auto colon = uri.find(':');
  if (colon == std::string_view::npos) return {"", uri};
  std::string scheme(uri.substr(0, colon));
  std::transform(scheme.begin(), scheme.end(), scheme.begin(), Lower);
  return {std::move(scheme), uri.substr(colon + 1)};
}

std::optional<std::string> DecodePercent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    std::uint8_t byte = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2 || byte == 0)
      return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

bool IsAddressAndPort(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string host(text.substr(0, colon));
  const std::string_view port_text = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] =
      std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (error != std::errc() || end != port_text.data() + port_text.size() || port == 0) return false;
  std::array<std::uint8_t, sizeof(in6_addr)> address{};
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    return ::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), address.data()) == 1;
  return ::inet_pton(AF_INET, host.c_str(), address.data()) == 1;
}

Error RefuseTcp(std::string_view uri, std::string_view rest) {
  if (!rest.starts_with("//") || !IsAddressAndPort(rest.substr(2)))
    return Refuse(uri,
                  "a TCP endpoint is written tcp://IP:PORT, and Surety offers none; "
                  "write unix:///path/of/the.sock");
  return Refuse(uri,
                "Surety offers no TCP, which cannot tell one process from another; "
                "write unix:///path/of/the.sock");
}

Result<std::string> PathOf(std::string_view uri, std::string_view rest) {
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    if (!rest.empty() && rest.front() != '/' && rest.front() != '?' && rest.front() != '#')
      return Refuse(uri, "names a host; write three slashes: unix:///path/of/the.sock");
  }
  if (rest.find_first_of("?#") != std::string_view::npos)
    return Refuse(uri, "has a query or a fragment; only a path may follow unix://");
  if (!rest.starts_with('/'))
    return Refuse(uri, "the path is not absolute; write unix:///path/of/the.sock");
  if (!std::all_of(rest.begin(), rest.end(), [](char c) { return IsPathByte(c) || c == '%'; }))
    return Refuse(uri, "the path holds a byte that a URI must write as %XX");
  auto path = DecodePercent(rest);
  if (!path) return Refuse(uri, "a % is not followed by two hex digits of a byte above zero");
  if (path->ends_with('/')) return Refuse(uri, "the path names a folder, not a socket");
  if (path->size() > kMaxPathBytes)
    return Refuse(uri, "the path is longer than a Unix socket's may be, " +
                           std::to_string(kMaxPathBytes) + " bytes");
  return *std::move(path);
}

}  // namespace

Result<std::string> ParseEndpointUri(std::string_view uri) {
  const auto [scheme, rest] = SplitScheme(uri);
  if (scheme == "unix") return PathOf(uri, rest);
  if (scheme == "tcp") return RefuseTcp(uri, rest);
  return Refuse(uri, "is no endpoint; write unix:///path/of/the.sock");
}

std::string EndpointUriOf(std::string_view path) {
  std::string uri = "unix://";
  for (const char c : path) {
    if (IsPathByte(c)) {
      uri += c;
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    uri += '%';
    uri += kHex[byte >> 4U];
    uri += kHex[byte & 0x0FU];
  }
  return uri;
}

Result<Endpoint> ChooseEndpoint(const std::optional<std::string>& flag, const char* environment) {
  const auto read = [](std::string_view uri, std::string_view origin) -> Result<Endpoint> {
    auto path = ParseEndpointUri(uri);
    if (!path) return path.error().Within(origin);
    return Endpoint{*std::move(path), origin};
  };
  if (flag) return read(flag->starts_with('/') ? EndpointUriOf(*flag) : *flag, kFlagOrigin);
  if (environment != nullptr && *environment != '\0') return read(environment, kEnvironmentOrigin);
  return read(kDefaultEndpoint, kDefaultOrigin);
}

}  // namespace surety
