#include "tests/unit/issuance/issuance_support.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "agent/issuance/der_writer.h"

namespace surety {
namespace {

PKeyPtr MakeKey(const std::string& kind) {
  if (kind.starts_with("RSA-")) {
    const auto bits = static_cast<std::size_t>(std::stoul(kind.substr(4)));
    return PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
  }
  if (kind == "Ed25519") return PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  return PKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", kind.c_str()));
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  ASSERT_NE(extension, nullptr) << value;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

template <typename Print>
std::string PemBy(Print print) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  EXPECT_EQ(print(out.get()), 1);
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

std::time_t Seconds1970(WallTime time) {
  return std::chrono::floor<Seconds>(time).time_since_epoch().count();
}

std::string VerifyFor(int purpose, X509* leaf, X509_STORE* store, STACK_OF(X509) * above,
                      WallTime at) {
  const StoreContextPtr context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store, leaf, above);
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_X509_STRICT);
  X509_STORE_CTX_set_time(context.get(), 0, Seconds1970(at));
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  if (X509_verify_cert(context.get()) == 1) return {};
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

}  // namespace

TempFolder::TempFolder() {
  // In memory if possible, where fsync costs nothing.
  const std::filesystem::path shared = "/dev/shm";
  const auto place =
      std::filesystem::exists(shared) ? shared : std::filesystem::temp_directory_path();
  std::string name = place.string() + "/surety-issuance-XXXXXX";
  path_ = ::mkdtemp(name.data());
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::Write(std::string_view name, std::string_view text) const {
  const std::string path = Path(name);
  WriteText(path, text);
  ::chmod(path.c_str(), S_IRUSR | S_IWUSR);
  return path;
}

std::string ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void WriteText(const std::string& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  EXPECT_TRUE(out.flush()) << path;
}

std::vector<std::string> NamesIn(const std::string& folder, std::string_view suffix) {
  std::vector<std::string> names;
  for (const auto& item : std::filesystem::directory_iterator(folder)) {
    if (item.path().filename().string().ends_with(suffix)) {
      names.push_back(item.path().filename().string());
    }
  }
  std::ranges::sort(names);
  return names;
}

Moment Start() {
  return {.boot = BootTime(std::chrono::hours(1)), .wall = WallAt("2026-01-01T00:00:00Z")};
}

Moment After(BootClock::duration time) {
  return {.boot = Start().boot + time, .wall = Start().wall + time};
}

WallTime WallAt(std::string_view rfc3339) {
  std::tm parts{};
  ::strptime(std::string(rfc3339).c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return std::chrono::sys_seconds(Seconds(::timegm(&parts)));
}

TrustDomain ExampleOrg() { return *TrustDomain::Parse("example.org"); }

Entry EntryFor(std::string_view spiffe_id, Seconds ttl, std::vector<std::string> dns_names) {
  return {.id = "web",
          .spiffe_id = *SpiffeId::Parse(spiffe_id),
          .selectors = {},
          .x509_ttl = ttl,
          .hint = "internal",
          .dns_names = std::move(dns_names)};
}

EmbeddedOptions OptionsFor(const TempFolder& folder) {
  return {.trust_domain = ExampleOrg(), .state_dir = folder.Path("state"), .times = {}};
}

CertificatePtr ParseDer(std::string_view der) {
  const auto* at = AsBytes(der).data();
  CertificatePtr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  EXPECT_TRUE(certificate && at == AsBytes(der).data() + der.size());
  return certificate;
}

PKeyPtr ParsePkcs8(const SecretBytes& der) {
  const unsigned char* at = der.Reveal().data();
  PKCS8_PRIV_KEY_INFO* info =
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.Reveal().size()));
  EXPECT_TRUE(info != nullptr && at == der.Reveal().data() + der.Reveal().size());
  PKeyPtr key(EVP_PKCS82PKEY(info));
  PKCS8_PRIV_KEY_INFO_free(info);
  return key;
}

std::string WhyRefused(const std::vector<std::string>& chain, const std::vector<std::string>& roots,
                       WallTime at) {
  const StorePtr store(X509_STORE_new());
  for (const std::string& root : roots) X509_STORE_add_cert(store.get(), ParseDer(root).get());
  const CertificateStackPtr above(sk_X509_new_null());
  for (std::size_t i = 1; i < chain.size(); ++i) {
    sk_X509_push(above.get(), ParseDer(chain[i]).release());
  }
  const CertificatePtr leaf = ParseDer(chain.front());
  for (const int purpose : {X509_PURPOSE_SSL_SERVER, X509_PURPOSE_SSL_CLIENT}) {
    const std::string why = VerifyFor(purpose, leaf.get(), store.get(), above.get(), at);
    if (!why.empty()) return why;
  }
  return {};
}

std::string MadeCa::CertificatePem() const {
  return PemBy([this](BIO* out) { return PEM_write_bio_X509(out, certificate.get()); });
}

std::string MadeCa::KeyPem() const {
  return PemBy([this](BIO* out) {
    return PEM_write_bio_PKCS8PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

MadeCa MakeCa(const CaSpec& spec, const MadeCa* issuer) {
  MadeCa made{.certificate = CertificatePtr(X509_new()), .key = MakeKey(spec.key)};
  X509* certificate = made.certificate.get();
  X509* signing = issuer == nullptr ? certificate : issuer->certificate.get();
  X509_set_version(certificate, X509_VERSION_3);
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1U);
  ASN1_TIME_set(X509_getm_notBefore(certificate), Seconds1970(spec.not_before));
  ASN1_TIME_set(X509_getm_notAfter(certificate), Seconds1970(spec.not_after));
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             AsBytes(spec.common_name).data(), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(signing));
  X509_set_pubkey(certificate, made.key.get());
  AddExtension(certificate, signing, NID_basic_constraints, spec.basic_constraints);
  AddExtension(certificate, signing, NID_key_usage, spec.key_usage);
  AddExtension(certificate, signing, NID_subject_key_identifier, spec.subject_key_id ? "hash" : "");
  if (issuer != nullptr) AddExtension(certificate, signing, NID_authority_key_identifier, "keyid");
  AddExtension(certificate, signing, NID_subject_alt_name, spec.alt_name);
  AddExtension(certificate, signing, NID_name_constraints, spec.name_constraints);
  EVP_PKEY* key = issuer == nullptr ? made.key.get() : issuer->key.get();
  const bool plain = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
  EXPECT_GT(X509_sign(certificate, key, plain ? nullptr : EVP_sha256()), 0);
  return made;
}

}  // namespace surety
