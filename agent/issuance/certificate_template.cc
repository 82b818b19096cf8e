#include "agent/issuance/certificate_template.h"

#include <array>

#include "agent/issuance/der_writer.h"
#include "agent/issuance/openssl_handles.h"
#include "agent/issuance/p256_key.h"

namespace surety {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kVersion3 = "\xa0\x03\x02\x01\x02"sv;
constexpr std::string_view kEmptyName = "\x30\x00"sv;
constexpr std::string_view kTrue = "\x01\x01\xff"sv;
constexpr std::size_t kKeyIdSize = 20;

// Object identifiers, each a whole DER value.
constexpr std::string_view kCommonName = "\x06\x03\x55\x04\x03"sv;
constexpr std::string_view kSerialNumber = "\x06\x03\x55\x04\x05"sv;
constexpr std::string_view kOrganization = "\x06\x03\x55\x04\x0a"sv;
constexpr std::string_view kSubjectKeyId = "\x06\x03\x55\x1d\x0e"sv;
constexpr std::string_view kSubjectAltName = "\x06\x03\x55\x1d\x11"sv;
constexpr std::string_view kAuthorityKeyId = "\x06\x03\x55\x1d\x23"sv;

// Extensions that are the same in every leaf: keyUsage critical
// digitalSignature; extKeyUsage serverAuth, clientAuth; basicConstraints
// critical, cA at its default of false.
constexpr std::string_view kLeafUsage =
    "\x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x07\x80"
    "\x30\x1d\x06\x03\x55\x1d\x25\x04\x16\x30\x14"
    "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02"
    "\x30\x0c\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x02\x30\x00"sv;

// And in every authority: keyUsage critical keyCertSign, cRLSign;
// basicConstraints critical cA, pathLen 0.
constexpr std::string_view kRootUsage =
    "\x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x01\x06"
    "\x30\x12\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x08\x30\x06\x01\x01\xff\x02\x01\x00"sv;

// GeneralName choices (RFC 5280 section 4.2.1.6).
constexpr std::uint8_t kDnsName = der::Implicit(2);
constexpr std::uint8_t kUri = der::Implicit(6);

void WriteValidity(DerWriter& out, WallTime not_before, WallTime not_after) {
  out.Nested(der::kSequence, [&] {
    out.Time(not_before);
    out.Time(not_after);
  });
}

void WritePublicKey(DerWriter& out, std::string_view public_point) {
  out.Raw(kP256PublicKeyPrefix);
  out.Raw(public_point);
}

template <typename Body>
void WriteExtensions(DerWriter& out, Body body) {
  out.Nested(der::Explicit(3), [&] { out.Nested(der::kSequence, body); });
}

template <typename Body>
void WriteExtension(DerWriter& out, std::string_view oid, bool critical, Body body) {
  out.Nested(der::kSequence, [&] {
    out.Raw(oid);
    if (critical) out.Raw(kTrue);
    out.Nested(der::kOctetString, body);
  });
}

void WriteSubjectKeyId(DerWriter& out, std::string_view public_point) {
  WriteExtension(out, kSubjectKeyId, false,
                 [&] { out.Value(der::kOctetString, KeyIdOf(public_point)); });
}

void WriteNameAttribute(DerWriter& out, std::string_view oid, std::uint8_t tag,
                        std::string_view text) {
  out.Nested(der::kSet, [&] {
    out.Nested(der::kSequence, [&] {
      out.Raw(oid);
      out.Value(tag, text);
    });
  });
}

void WriteRootName(DerWriter& out, const RootFields& fields) {
  constexpr std::size_t kLongestCommonName = 64;  // RFC 5280 appendix A.1, ub-common-name.
  out.Nested(der::kSequence, [&] {
    WriteNameAttribute(out, kOrganization, der::kUtf8String, "SPIFFE");
    if (fields.trust_domain.size() <= kLongestCommonName) {
      WriteNameAttribute(out, kCommonName, der::kUtf8String, fields.trust_domain);
    }
    WriteNameAttribute(out, kSerialNumber, der::kPrintableString, Hex(fields.serial));
  });
}

}  // namespace

const std::string_view kEcdsaSha256 = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"sv;
const std::string_view kEcdsaSha384 = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"sv;
const std::string_view kRsaSha256 =
    "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"sv;

std::string LeafToBeSigned(const LeafFields& fields) {
  DerWriter out;
  out.Nested(der::kSequence, [&] {
    out.Raw(kVersion3);
    out.Unsigned(fields.serial);
    out.Raw(fields.algorithm);
    out.Raw(fields.issuer);
    WriteValidity(out, fields.not_before, fields.not_after);
    out.Raw(kEmptyName);
    WritePublicKey(out, fields.public_point);
    WriteExtensions(out, [&] {
      out.Raw(kLeafUsage);
      WriteSubjectKeyId(out, fields.public_point);
      WriteExtension(out, kAuthorityKeyId, false, [&] {
        out.Nested(der::kSequence, [&] { out.Value(der::Implicit(0), fields.issuer_key_id); });
      });
      WriteExtension(out, kSubjectAltName, true, [&] {
        out.Nested(der::kSequence, [&] {
          out.Value(kUri, fields.spiffe_id);
          for (const std::string& name : fields.dns_names) out.Value(kDnsName, name);
        });
      });
    });
  });
  return std::move(out).bytes();
}

std::string RootToBeSigned(const RootFields& fields) {
  DerWriter out;
  out.Nested(der::kSequence, [&] {
    out.Raw(kVersion3);
    out.Unsigned(fields.serial);
    out.Raw(kEcdsaSha256);
    WriteRootName(out, fields);
    WriteValidity(out, fields.not_before, fields.not_after);
    WriteRootName(out, fields);
    WritePublicKey(out, fields.public_point);
    WriteExtensions(out, [&] {
      out.Raw(kRootUsage);
      WriteSubjectKeyId(out, fields.public_point);
      WriteExtension(out, kSubjectAltName, false, [&] {
        out.Nested(der::kSequence, [&] { out.Value(kUri, fields.trust_domain_id); });
      });
    });
  });
  return std::move(out).bytes();
}

std::string Certificate(std::string_view to_be_signed, std::string_view algorithm,
                        std::string_view signature) {
  DerWriter out;
  out.Nested(der::kSequence, [&] {
    out.Raw(to_be_signed);
    out.Raw(algorithm);
    out.Bits(signature);
  });
  return std::move(out).bytes();
}

std::string KeyIdOf(std::string_view public_key_bits) {
  static const DigestPtr sha256(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (EVP_Digest(public_key_bits.data(), public_key_bits.size(), digest.data(), nullptr,
                 sha256.get(), nullptr) != 1) {
    return {};
  }
  return std::string(AsText(std::span(digest).first<kKeyIdSize>()));
}

}  // namespace surety
