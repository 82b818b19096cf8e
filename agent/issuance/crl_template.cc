#include "agent/issuance/crl_template.h"

#include <algorithm>
#include <array>

namespace surety {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kVersion2 = "\x02\x01\x01"sv;
constexpr std::size_t kLongestSerial = 20;

// Object identifiers, each a whole DER value.
constexpr std::string_view kAuthorityKeyId = "\x06\x03\x55\x1d\x23"sv;
constexpr std::string_view kCrlNumber = "\x06\x03\x55\x1d\x14"sv;

// crlEntryExtensions with nothing but a reasonCode, up to the code.
constexpr std::string_view kReasonPrefix = "\x30\x0c\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01"sv;

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// The serial's octets without leading zeros; empty if it is none.
std::string SerialOctets(std::string_view hex) {
  std::string octets;
  if (hex.size() % 2 != 0) return octets;
  octets.reserve(kLongestSerial);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = DigitOf(hex[i]);
    const int low = DigitOf(hex[i + 1]);
    if (high < 0 || low < 0) return {};
    const int octet = high * 16 + low;
    if (octet == 0 && octets.empty()) continue;
    if (octets.size() == kLongestSerial) return {};
    octets.push_back(static_cast<char>(octet));
  }
  return octets;
}

bool IsGiven(RevocationReason reason) {
  switch (reason) {
    case RevocationReason::kKeyCompromise:
    case RevocationReason::kSuperseded:
    case RevocationReason::kCessationOfOperation:
    case RevocationReason::kPrivilegeWithdrawn: return true;
  }
  return false;
}

std::array<char, sizeof(std::uint64_t)> BigEndian(std::uint64_t number) {
  std::array<char, sizeof number> octets{};
  for (auto octet = octets.rbegin(); octet != octets.rend(); ++octet, number >>= 8U) {
    *octet = static_cast<char>(number & 0xffU);
  }
  return octets;
}

template <typename Body>
void WriteExtension(DerWriter& out, std::string_view oid, Body body) {
  out.Nested(der::kSequence, [&] {
    out.Raw(oid);
    out.Nested(der::kOctetString, body);
  });
}

void WriteExtensions(DerWriter& out, const CrlFields& fields) {
  WriteExtension(out, kAuthorityKeyId, [&] {
    out.Nested(der::kSequence, [&] { out.Value(der::Implicit(0), fields.issuer_key_id); });
  });
  WriteExtension(out, kCrlNumber, [&] {
    const auto octets = BigEndian(fields.number);
    out.Unsigned({octets.data(), octets.size()});
  });
}

}  // namespace

bool CrlLines::Add(const Revocation& revocation) {
  std::string serial = SerialOctets(revocation.serial);
  if (serial.empty()) return false;
  if (serial == last_) return true;
  out_.Nested(der::kSequence, [&] {
    out_.Unsigned(serial);
    out_.Time(std::min(revocation.revoked_at, this_update_));
    if (IsGiven(revocation.reason)) {
      out_.Raw(kReasonPrefix);
      const char code = static_cast<char>(revocation.reason);
      out_.Raw({&code, 1});
    }
  });
  last_ = std::move(serial);
  ++count_;
  return true;
}

std::string CrlToBeSigned(const CrlFields& fields) {
  DerWriter out;
  out.Nested(der::kSequence, [&] {
    out.Raw(kVersion2);
    out.Raw(fields.algorithm);
    out.Raw(fields.issuer);
    out.Time(fields.this_update);
    out.Time(fields.next_update);
    if (!fields.lines.empty()) out.Value(der::kSequence, fields.lines);
    out.Nested(der::Explicit(0),
               [&] { out.Nested(der::kSequence, [&] { WriteExtensions(out, fields); }); });
  });
  return std::move(out).bytes();
}

}  // namespace surety
