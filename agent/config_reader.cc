#include "agent/config_reader.h"

#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "agent/credential.h"
#include "agent/identity/key_uri.h"

namespace surety {
namespace {

constexpr std::size_t kMaxSocketPathBytes = sizeof(sockaddr_un::sun_path) - 1;

struct SizeUnit {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr std::array<SizeUnit, 4> kSizeUnits{{{"B", 1},
                                              {"KiB", std::uint64_t{1} << 10},
                                              {"MiB", std::uint64_t{1} << 20},
                                              {"GiB", std::uint64_t{1} << 30}}};

/// The number at the start of `text`, which moves behind it.
std::optional<std::uint64_t> TakeNumber(std::string_view& text, int base) {
  std::uint64_t number = 0;
  const auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (failed != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return number;
}

std::optional<std::uint64_t> ParseSize(std::string_view text) {
  const auto number = TakeNumber(text, 10);
  const auto unit = std::find_if(kSizeUnits.begin(), kSizeUnits.end(),
                                 [&](const SizeUnit& each) { return each.name == text; });
  if (!number || unit == kSizeUnits.end() || *number > kMaxSize / unit->bytes) return std::nullopt;
  return *number * unit->bytes;
}

/// In the largest unit that leaves a whole number.
std::string SizeText(std::uint64_t bytes) {
  const auto unit = std::find_if(kSizeUnits.rbegin(), kSizeUnits.rend(),
                                 [&](const SizeUnit& each) { return bytes % each.bytes == 0; });
  return std::to_string(bytes / unit->bytes) + std::string(unit->name);
}

}  // namespace

void ConfigReader::Path(std::string_view key, const std::optional<Located<std::string>>& text,
                        std::size_t max_bytes, std::string& out) {
  if (!text) return;
  const auto refuse = [&](const std::string& what, const std::string& fix) {
    diagnostics_.Error(text->at, std::string(key) + " " + Quoted(text->value) + " " + what, fix);
  };
  if (!text->value.starts_with('/'))
    return refuse("is not an absolute path", "write the whole path, from \"/\" on");
  if (text->value.find('\0') != std::string::npos)
    return refuse("has a zero byte in it", "write the path without it");
  if (text->value.size() > max_bytes)
    return refuse("is " + std::to_string(text->value.size()) + " bytes long; at most " +
                      std::to_string(max_bytes) + " are allowed",
                  "choose a shorter path");
  out = text->value;
}

void ConfigReader::PathOrCredential(std::string_view key,
                                    const std::optional<Located<std::string>>& text,
                                    std::size_t max_bytes, std::string& out) {
  if (!text || !IsCredential(text->value)) return Path(key, text, max_bytes, out);
  if (IsCredentialName(text->value.substr(kCredentialPrefix.size()))) {
    out = text->value;
    return;
  }
  diagnostics_.Error(text->at,
                     std::string(key) + " " + Quoted(text->value) + " names no credential",
                     "write the name that LoadCredential= gives it, such as \"credential:ca.key\"");
}

void ConfigReader::KeySource(std::string_view key, const std::optional<Located<std::string>>& text,
                             std::size_t max_bytes, std::string& out) {
  if (!text || !IsKeyUri(text->value)) return PathOrCredential(key, text, max_bytes, out);
  const auto uri = ParseKeyUri(text->value);
  if (uri && (!IsCredential(uri->pin_source) ||
              IsCredentialName(uri->pin_source.substr(kCredentialPrefix.size())))) {
    out = text->value;
    return;
  }
  // Not quoted: somebody may have written a PIN into it.
  diagnostics_.Error(text->at,
                     std::string(key) + " names no key: " +
                         (uri ? "pin-source names no credential" : uri.error().Text()),
                     "write it as docs/keys.md says, such as "
                     "\"pkcs11:token=surety;object=ca?pin-source=/etc/surety/ca.pin\"");
}

void ConfigReader::FilePath(std::string_view key, const std::optional<Located<std::string>>& text,
                            std::string_view example, std::size_t max_bytes, std::string& out) {
  if (text && text->value.ends_with('/')) {
    diagnostics_.Error(text->at, std::string(key) + " " + Quoted(text->value) + " names a folder",
                       "name the " + std::string(key) + " in it, such as " + std::string(example));
    return;
  }
  Path(key, text, max_bytes, out);
}

void ConfigReader::SocketPath(std::string_view key, const std::optional<Located<std::string>>& text,
                              std::string_view example, std::string& out) {
  FilePath(key, text, example, kMaxSocketPathBytes, out);
}

void ConfigReader::Mode(TomlTable& table, mode_t& out) {
  const auto text = table.String("mode", "\"0660\"");
  if (!text) return;
  std::string_view rest = text->value;
  const auto mode = TakeNumber(rest, 8);
  if (!mode || !rest.empty() || *mode > 0777) {
    diagnostics_.Error(text->at, "mode " + Quoted(text->value) + " is not an octal file mode",
                       "write it as chmod takes it, from \"0600\" to \"0777\"");
    return;
  }
  out = static_cast<mode_t>(*mode);
}

std::optional<std::uint32_t> ConfigReader::Account(const Located<std::string>& text,
                                                   std::string_view key, std::string_view what,
                                                   std::optional<std::uint32_t> known) {
  if (known) return known;
  std::string_view rest = text.value;
  const auto number = TakeNumber(rest, 10);
  if (number && rest.empty() && *number < std::numeric_limits<std::uint32_t>::max())
    return static_cast<std::uint32_t>(*number);
  diagnostics_.Error(
      text.at,
      std::string(key) + ": this host has no " + std::string(what) + " " + Quoted(text.value),
      "create it, or give the name or the number of another one");
  return std::nullopt;
}

void ConfigReader::Owner(TomlTable& table, std::optional<uid_t>& out) {
  const auto text = table.NameOrNumber("owner", "\"root\"");
  if (!text) return;
  if (const auto uid = Account(*text, "owner", "user", accounts_.user(text->value))) out = uid;
}

void ConfigReader::Group(TomlTable& table, std::optional<gid_t>& out) {
  const auto text = table.NameOrNumber("group", "\"root\"");
  if (!text) return;
  if (const auto gid = Account(*text, "group", "group", accounts_.group(text->value))) out = gid;
}

std::optional<uid_t> ConfigReader::User(std::string_view key, const Located<std::string>& name) {
  return Account(name, key, "user", accounts_.user(name.value));
}

void ConfigReader::Count(TomlTable& table, std::string_view key, std::uint32_t least,
                         std::uint32_t& out) {
  constexpr std::uint32_t kMost = 1'000'000'000;
  const auto number = table.Integer(key, std::to_string(out));
  if (!number) return;
  if (number->value < least || number->value > kMost) {
    diagnostics_.Error(number->at, std::string(key) + " is " + std::to_string(number->value),
                       "choose a number from " + std::to_string(least) + " to 1000000000");
    return;
  }
  out = static_cast<std::uint32_t>(number->value);
}

void ConfigReader::Span(TomlTable& table, std::string_view key, std::string_view example,
                        Seconds least, Seconds most, Seconds& out) {
  if (const auto span = table.Duration(key, example, least, most)) out = span->value;
}

void ConfigReader::FineSpan(TomlTable& table, std::string_view key, std::string_view example,
                            std::chrono::milliseconds least, std::chrono::milliseconds most,
                            std::chrono::milliseconds& out) {
  if (const auto span = table.FineDuration(key, example, least, most)) out = span->value;
}

void ConfigReader::Boolean(TomlTable& table, std::string_view key, bool& out) {
  if (const auto answer = table.Boolean(key, out ? "false" : "true")) out = answer->value;
}

void ConfigReader::Size(TomlTable& table, std::string_view key, std::string_view example,
                        std::uint64_t least, std::uint64_t most, std::uint64_t& out) {
  const auto text = table.String(key, example);
  if (!text) return;
  const auto size = ParseSize(text->value);
  if (!size || *size == 0) {
    diagnostics_.Error(text->at, std::string(key) + " " + Quoted(text->value) + " is not a size",
                       "write a whole number with B, KiB, MiB or GiB, up to 1024GiB, such as " +
                           std::string(example));
    return;
  }
  if (*size < least || *size > most) {
    diagnostics_.Error(text->at,
                       std::string(key) + " is " + (*size < least ? "smaller" : "larger") +
                           " than " + SizeText(*size < least ? least : most),
                       "choose a size from " + SizeText(least) + " to " + SizeText(most));
    return;
  }
  out = *size;
}

}  // namespace surety
