#include "agent/identity/key_uri.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

namespace surety {
namespace {

constexpr std::string_view kPkcs11Scheme = "pkcs11:";
constexpr std::string_view kTpm2Scheme = "tpm2:";
constexpr std::size_t kLongest = 2048;
constexpr std::uint32_t kFirstPersistent = 0x81000000;
constexpr std::uint32_t kLastPersistent = 0x81FFFFFF;
// What libp11 finds a key by. The number of a slot is none: it may be another tomorrow.
constexpr std::array<std::string_view, 7> kPkcs11Attributes{
    "token", "manufacturer", "serial", "model", "object", "id", "type"};

struct Attribute {
  std::string_view name;
  std::string_view value;  // As written.
};

Error Wrong(std::string what) { return {ErrorCode::kInvalidArgument, std::move(what)}; }

// Of what may be quoted: the names alone, since a PIN may stand where it does not belong.
Result<std::vector<Attribute>> Split(std::string_view text, char separator) {
  std::vector<Attribute> all;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos || equals + 1 == one.size())
      return Wrong("attribute " + std::to_string(all.size() + 1) + " has no value");
    const Attribute attribute{one.substr(0, equals), one.substr(equals + 1)};
    if (std::ranges::count(all, attribute.name, &Attribute::name) != 0)
      return Wrong("the attribute " + std::string(attribute.name) + " is there twice");
    all.push_back(attribute);
  }
  return all;
}

std::optional<std::string> Decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned char byte = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || read.ptr != digits.data() + 2 || byte == 0) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

Result<void> CheckPkcs11(const std::vector<Attribute>& path) {
  const auto has = [&path](std::string_view name) {
    return std::ranges::count(path, name, &Attribute::name) != 0;
  };
  for (const Attribute& one : path) {
    if (std::ranges::count(kPkcs11Attributes, one.name) == 0)
      return Wrong("the attribute " + std::string(one.name) +
                   " is not known: token, manufacturer, serial, model, object, id and type are");
    if (!Decoded(one.value))
      return Wrong("the value of " + std::string(one.name) + " is not percent-encoded");
    if (one.name == "type" && one.value != "private") return Wrong("type must be private");
  }
  if (!has("token") && !has("serial")) return Wrong("it names no token (token or serial)");
  if (!has("object") && !has("id")) return Wrong("it names no key in the token (object or id)");
  return {};
}

Result<std::uint32_t> HandleOf(const std::vector<Attribute>& path) {
  const Error wrong = Wrong("it must name a persistent handle, as in tpm2:handle=0x81000001");
  if (path.size() != 1 || path[0].name != "handle" || !path[0].value.starts_with("0x"))
    return wrong;
  const std::string_view digits = path[0].value.substr(2);
  std::uint32_t handle = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), handle, 16);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() ||
      handle < kFirstPersistent || handle > kLastPersistent)
    return wrong;
  return handle;
}

Result<std::string> PathOf(std::string_view name, std::string path, bool or_credential) {
  constexpr std::string_view kFile = "file:";
  if (path.starts_with(kFile)) path.erase(0, kFile.size());
  if (path.starts_with("//")) path.erase(0, 2);
  if (path.starts_with('/') || (or_credential && path.starts_with("credential:"))) return path;
  return Wrong(std::string(name) + " is not an absolute path" +
               (or_credential ? " or a credential" : ""));
}

Result<void> TakeQuery(const Attribute& one, KeyUri& uri) {
  auto value = Decoded(one.value);
  if (one.name == "pin-value")
    return Wrong(
        "a PIN does not belong into a configuration: write it into a file and name that "
        "as pin-source");
  if (!value) return Wrong("the value of " + std::string(one.name) + " is not percent-encoded");
  const bool pkcs11 = uri.kind == KeyUri::Kind::kPkcs11;
  if (one.name == "tcti" && !pkcs11) {
    uri.tcti = *std::move(value);
    return {};
  }
  const bool pin = one.name == "pin-source";
  if (!pin && !(one.name == "module-path" && pkcs11))
    return Wrong("behind the ? there may be pin-source and " +
                 std::string(pkcs11 ? "module-path" : "tcti") + ", not " + std::string(one.name));
  auto path = PathOf(one.name, *std::move(value), pin);
  if (!path) return path.error();
  (pin ? uri.pin_source : uri.module_path) = *std::move(path);
  return {};
}

bool IsPlain(char letter) { return letter > ' ' && letter <= '~'; }

}  // namespace

bool IsKeyUri(std::string_view text) {
  return text.starts_with(kPkcs11Scheme) || text.starts_with(kTpm2Scheme);
}

Result<KeyUri> ParseKeyUri(std::string_view text) {
  if (text.size() > kLongest) return Wrong("it is longer than 2048 bytes");
  if (!std::ranges::all_of(text, IsPlain))
    return Wrong("it has a space or a control character: percent-encode it, as in %20");
  KeyUri uri;
  uri.kind = text.starts_with(kTpm2Scheme) ? KeyUri::Kind::kTpm2 : KeyUri::Kind::kPkcs11;
  const std::size_t query_at = std::min(text.find('?'), text.size());
  uri.name = std::string(text.substr(0, query_at));
  auto path = Split(text.substr(0, query_at).substr(text.find(':') + 1), ';');
  if (!path) return path.error();
  if (uri.kind == KeyUri::Kind::kPkcs11) {
    if (auto fine = CheckPkcs11(*path); !fine) return fine.error();
  } else {
    const auto handle = HandleOf(*path);
    if (!handle) return handle.error();
    uri.handle = *handle;
    uri.tcti = kDefaultTcti;
  }
  const auto query = Split(text.substr(std::min(query_at + 1, text.size())), '&');
  if (!query) return query.error();
  for (const Attribute& one : *query)
    if (auto taken = TakeQuery(one, uri); !taken) return taken.error();
  return uri;
}

}  // namespace surety
