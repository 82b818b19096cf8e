// What one SVID costs, against the same certificate by OpenSSL's X509 API, and
// where the time goes.

#include <benchmark/benchmark.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <iostream>
#include <thread>

#include "agent/issuance/certificate_template.h"
#include "agent/issuance/key_memory.h"
#include "agent/issuance/key_pool.h"
#include "agent/issuance/p256_key.h"
#include "agent/issuance/root_authority.h"
#include "agent/issuance/svid_mint.h"

namespace surety {
namespace {

WallTime Now() { return WallTime(std::chrono::hours(24 * 365 * 56)); }

template <typename T>
T Must(Result<T> result) {
  if (!result) {
    std::cerr << result.error().Text() << '\n';
    std::abort();
  }
  return *std::move(result);
}

const Entry& WebEntry() {
  static const Entry entry{.id = "web",
                           .spiffe_id = Must(SpiffeId::Parse("spiffe://example.org/ns/prod/web")),
                           .selectors = {},
                           .x509_ttl = Seconds(900),
                           .hint = {},
                           .dns_names = {"web.internal"}};
  return entry;
}

// The authority twice: as ours, and as the X509 API wants it.
struct Root {
  Root() {
    (void)LockKeyMemory();
    NewRoot root = Must(MakeRoot(WebEntry().spiffe_id.trust_domain(), Now() - Seconds(10),
                                 Now() + std::chrono::hours(168)));
    key = Must(LoadP256Key(root.pkcs8.Reveal()));
    signer = std::move(root.signer);
  }
  std::shared_ptr<const Signer> signer;
  PKeyPtr key;
};

const Root& TheRoot() {
  static const Root root;
  return root;
}

void Extend(X509* certificate, X509V3_CTX* context, int nid, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, context, nid, value);
  if (extension == nullptr) std::abort();
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

CertificatePtr BuildByX509Api(EVP_PKEY* key) {
  const X509& issuer = TheRoot().signer->certificate();
  CertificatePtr leaf(X509_new());
  X509_set_version(leaf.get(), X509_VERSION_3);
  std::array<unsigned char, 16> serial{};
  RAND_bytes(serial.data(), serial.size());
  serial[0] = static_cast<unsigned char>((serial[0] & 0x3fU) | 0x40U);
  BIGNUM* number = BN_bin2bn(serial.data(), serial.size(), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(leaf.get()));
  BN_free(number);
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(&issuer));
  const std::time_t now = std::chrono::floor<Seconds>(Now()).time_since_epoch().count();
  ASN1_TIME_set(X509_getm_notBefore(leaf.get()), now - 10);
  ASN1_TIME_set(X509_getm_notAfter(leaf.get()), now + 900);
  X509_set_pubkey(leaf.get(), key);
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, const_cast<X509*>(&issuer), leaf.get(), nullptr, nullptr, 0);
  Extend(leaf.get(), &context, NID_key_usage, "critical,digitalSignature");
  Extend(leaf.get(), &context, NID_ext_key_usage, "serverAuth,clientAuth");
  Extend(leaf.get(), &context, NID_basic_constraints, "critical,CA:FALSE");
  Extend(leaf.get(), &context, NID_subject_key_identifier, "hash");
  Extend(leaf.get(), &context, NID_authority_key_identifier, "keyid");
  Extend(leaf.get(), &context, NID_subject_alt_name,
         "critical,URI:spiffe://example.org/ns/prod/web,DNS:web.internal");
  return leaf;
}

void MintByTemplate(benchmark::State& state) {
  const Signer& signer = *TheRoot().signer;
  for (auto _ : state) {
    benchmark::DoNotOptimize(MintX509Svid(signer, WebEntry(), Seconds(10), Now()));
  }
}

void MintByX509Api(benchmark::State& state) {
  const Root& root = TheRoot();
  for (auto _ : state) {
    const PKeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    const CertificatePtr leaf = BuildByX509Api(key.get());
    X509_sign(leaf.get(), root.key.get(), EVP_sha256());
    benchmark::DoNotOptimize(DerOf(*leaf));
    PKCS8_PRIV_KEY_INFO* info = EVP_PKEY2PKCS8(key.get());
    unsigned char* der = nullptr;
    const int length = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    benchmark::DoNotOptimize(length);
    OPENSSL_clear_free(der, static_cast<std::size_t>(length));
    PKCS8_PRIV_KEY_INFO_free(info);
  }
}

// As workloads ask: now and then, so that the caches are not warm.
void MintNowAndThen(benchmark::State& state) {
  const Signer& signer = *TheRoot().signer;
  KeyPool pool;
  KeyPool* keys = state.range(0) == 1 ? &pool : nullptr;
  for (auto _ : state) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const auto start = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(MintX509Svid(signer, WebEntry(), Seconds(10), Now(), keys));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(took.count());
  }
}

void KeyAlone(benchmark::State& state) {
  TheRoot();
  for (auto _ : state) benchmark::DoNotOptimize(GenerateP256Key());
}

void SignatureAlone(benchmark::State& state) {
  const Signer& signer = *TheRoot().signer;
  const std::string to_be_signed(450, 'x');
  for (auto _ : state) benchmark::DoNotOptimize(signer.Sign(to_be_signed));
}

void TemplateAlone(benchmark::State& state) {
  const Signer& signer = *TheRoot().signer;
  const P256Key key = Must(GenerateP256Key());
  const std::string serial = Must(RandomSerial());
  const std::string id = WebEntry().spiffe_id.Text();
  for (auto _ : state) {
    benchmark::DoNotOptimize(LeafToBeSigned({.serial = serial,
                                             .algorithm = signer.algorithm(),
                                             .issuer = signer.subject(),
                                             .issuer_key_id = signer.key_id(),
                                             .not_before = Now(),
                                             .not_after = Now() + Seconds(900),
                                             .public_point = key.public_point,
                                             .spiffe_id = id,
                                             .dns_names = WebEntry().dns_names}));
  }
}

BENCHMARK(MintByTemplate)->Unit(benchmark::kMicrosecond);
BENCHMARK(MintByX509Api)->Unit(benchmark::kMicrosecond);
BENCHMARK(MintNowAndThen)
    ->ArgName("pool")
    ->Arg(0)
    ->Arg(1)
    ->UseManualTime()
    ->Iterations(1'000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(KeyAlone)->Unit(benchmark::kMicrosecond);
BENCHMARK(SignatureAlone)->Unit(benchmark::kMicrosecond);
BENCHMARK(TemplateAlone)->Unit(benchmark::kMicrosecond);
// Twice as many threads as the daemon's pool has on a small host.
BENCHMARK(MintByTemplate)
    ->Name("MintByTemplateOnFourThreads")
    ->Threads(4)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace surety

BENCHMARK_MAIN();
