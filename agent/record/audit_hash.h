#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "surety/result.h"

namespace surety {

/// A SHA-256 hash as 64 lower-case hex digits.
class HashText {
 public:
  static constexpr std::size_t kLength = 64;
  /// All zeros: what stands before the first line of a log.
  HashText() { digits_.fill('0'); }
  /// Copies 64 characters; what they are is the caller's care.
  explicit HashText(std::string_view digits) { digits.copy(digits_.data(), kLength); }
  [[nodiscard]] std::string_view view() const { return {digits_.data(), kLength}; }
  bool operator==(const HashText&) const = default;

 private:
  std::array<char, kLength> digits_{};
};

/// The hash of a line of the log: SHA-256 over a zero byte, which tells it from
/// the hashes of inner nodes should the lines ever become the leaves of a tree
/// (RFC 9162 section 2.1.1), and the line without its hash field (audit_line.h).
/// Keeps a context of the library's for many lines; not thread-safe.
class AuditHasher {
 public:
  /// kInternal if the library has no SHA-256.
  static Result<AuditHasher> Create();
  AuditHasher(AuditHasher&& other) noexcept;
  AuditHasher& operator=(AuditHasher&& other) noexcept;
  ~AuditHasher();

  /// Of the line that has `before_hash` in front of its hash field. kInternal if
  /// the library fails.
  Result<HashText> OfLine(std::string_view before_hash);

 private:
  struct State;
  explicit AuditHasher(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// SHA-256 of `bytes`, in lower-case hex.
Result<std::string> Sha256Hex(std::string_view bytes);

}  // namespace surety
