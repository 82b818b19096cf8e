#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/config.h"
#include "agent/identity/toml_reader.h"

namespace surety {

inline constexpr std::size_t kMaxPathBytes = 4095;
inline constexpr std::uint64_t kMaxSize = std::uint64_t{1} << 40;

/// Reads the kinds of value that a configuration is made of. Each leaves `out`
/// as it is, which is the default, if the key is absent or its value is wrong.
class ConfigReader {
 public:
  ConfigReader(const AccountIds& accounts, FileDiagnostics& diagnostics)
      : accounts_(accounts), diagnostics_(diagnostics) {}

  /// An absolute path without a zero byte, at most `max_bytes` long.
  void Path(std::string_view key, const std::optional<Located<std::string>>& text,
            std::size_t max_bytes, std::string& out);
  /// A path, or a credential of systemd's (credential.h).
  void PathOrCredential(std::string_view key, const std::optional<Located<std::string>>& text,
                        std::size_t max_bytes, std::string& out);
  /// One of those, or the URI of a key in a token (key_uri.h).
  void KeySource(std::string_view key, const std::optional<Located<std::string>>& text,
                 std::size_t max_bytes, std::string& out);
  /// A path of something in a folder.
  void FilePath(std::string_view key, const std::optional<Located<std::string>>& text,
                std::string_view example, std::size_t max_bytes, std::string& out);
  /// A path that a socket can be bound to.
  void SocketPath(std::string_view key, const std::optional<Located<std::string>>& text,
                  std::string_view example, std::string& out);
  /// Permission bits in octal, as chmod(1) takes them: "0660".
  void Mode(TomlTable& table, mode_t& out);
  /// A name that the host knows, or a number.
  void Owner(TomlTable& table, std::optional<uid_t>& out);
  void Group(TomlTable& table, std::optional<gid_t>& out);
  /// The uid of a user by name or number; nullopt after adding an error.
  std::optional<uid_t> User(std::string_view key, const Located<std::string>& name);
  /// A whole number from `least` on.
  void Count(TomlTable& table, std::string_view key, std::uint32_t least, std::uint32_t& out);
  void Span(TomlTable& table, std::string_view key, std::string_view example, Seconds least,
            Seconds most, Seconds& out);
  /// The same to the millisecond.
  void FineSpan(TomlTable& table, std::string_view key, std::string_view example,
                std::chrono::milliseconds least, std::chrono::milliseconds most,
                std::chrono::milliseconds& out);
  /// Bytes: "4096B", "64KiB", "512MiB", "1GiB".
  void Size(TomlTable& table, std::string_view key, std::string_view example, std::uint64_t least,
            std::uint64_t most, std::uint64_t& out);
  void Boolean(TomlTable& table, std::string_view key, bool& out);

 private:
  std::optional<std::uint32_t> Account(const Located<std::string>& text, std::string_view key,
                                       std::string_view what, std::optional<std::uint32_t> known);

  const AccountIds& accounts_;
  FileDiagnostics& diagnostics_;
};

}  // namespace surety
