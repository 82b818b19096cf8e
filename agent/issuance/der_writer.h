#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "surety/clock.h"

namespace surety {

/// The identifier octets that certificates need (X.690 section 8.1.2).
namespace der {
inline constexpr std::uint8_t kBoolean = 0x01;
inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kUtf8String = 0x0c;
inline constexpr std::uint8_t kPrintableString = 0x13;
inline constexpr std::uint8_t kUtcTime = 0x17;
inline constexpr std::uint8_t kGeneralizedTime = 0x18;
inline constexpr std::uint8_t kSequence = 0x30;
inline constexpr std::uint8_t kSet = 0x31;
/// Context-specific tags: primitive [n] IMPLICIT and constructed [n].
constexpr std::uint8_t Implicit(unsigned number) {
  return static_cast<std::uint8_t>(0x80 | number);
}
constexpr std::uint8_t Explicit(unsigned number) {
  return static_cast<std::uint8_t>(0xa0 | number);
}
}  // namespace der

/// Writes DER (X.690) into one growing buffer, front to back; the lengths of
/// nested values are filled in when they are closed. Not for secrets: the buffer
/// is not wiped. Not thread-safe.
class DerWriter {
 public:
  DerWriter() { out_.reserve(kUsualCertificate); }

  /// A value whose content is whatever `body()` writes.
  template <typename Body>
  void Nested(std::uint8_t tag, Body body) {
    const std::size_t start = Open(tag);
    body();
    Close(start);
  }

  /// A value with the given content octets.
  void Value(std::uint8_t tag, std::string_view content);
  /// Octets that already are whole DER values.
  void Raw(std::string_view encoded) { out_.append(encoded); }
  /// A non-negative INTEGER from its big-endian octets; leading zeros are
  /// dropped and one is put back where the sign bit would be set.
  void Unsigned(std::string_view big_endian);
  /// A BIT STRING of whole octets.
  void Bits(std::string_view octets);
  /// Time as RFC 5280 section 4.1.2.5 wants it: UTCTime from 1950 through 2049,
  /// GeneralizedTime otherwise; whole seconds, rounded down, "Z".
  void Time(WallTime time);

  [[nodiscard]] const std::string& bytes() const& { return out_; }
  [[nodiscard]] std::string bytes() && { return std::move(out_); }

 private:
  static constexpr std::size_t kUsualCertificate = 1024;

  std::size_t Open(std::uint8_t tag);
  void Close(std::size_t start);

  std::string out_;
};

/// Bytes as text, for the APIs that take one and the libraries that give the other.
inline std::string_view AsText(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::span<const std::uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Lower-case hexadecimal, two digits a byte.
std::string Hex(std::string_view bytes);

}  // namespace surety
