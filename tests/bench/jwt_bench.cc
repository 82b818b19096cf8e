// What one token costs: to sign, to read, to believe.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <iostream>

#include "agent/issuance/jwt_mint.h"
#include "agent/issuance/jwt_parser.h"
#include "agent/issuance/jwt_store.h"
#include "agent/issuance/jwt_verifier.h"
#include "agent/issuance/key_memory.h"

namespace surety {
namespace {

WallTime Noon() { return WallTime(std::chrono::hours(24 * 365 * 56)); }

template <typename T>
T Need(Result<T> result) {
  if (!result) {
    std::cerr << result.error().Text() << '\n';
    std::abort();
  }
  return *std::move(result);
}

const Entry& ReportsEntry() {
  static const Entry entry{.id = "web",
                           .spiffe_id = Need(SpiffeId::Parse("spiffe://example.org/ns/prod/web")),
                           .selectors = {},
                           .x509_ttl = Seconds(900),
                           .hint = {},
                           .dns_names = {}};
  return entry;
}

const JwtKey& TheKey() {
  static const NewJwtKey key = [] {
    (void)LockKeyMemory();
    return Need(MakeJwtKey());
  }();
  return *key.key;
}

std::string Mint() {
  static const std::vector<std::string> audiences{"spiffe://example.org/ns/prod/reports"};
  const JwtSvid svid = Need(
      MintJwtSvid(TheKey(), Noon() + std::chrono::hours(24), ReportsEntry(), audiences, Noon()));
  return {svid.token.Reveal().begin(), svid.token.Reveal().end()};
}

void BM_MintToken(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Mint());
}
BENCHMARK(BM_MintToken);

void BM_ParseToken(benchmark::State& state) {
  const std::string token = Mint();
  for (auto _ : state) benchmark::DoNotOptimize(ParseJwt(token));
}
BENCHMARK(BM_ParseToken);

void BM_ValidateToken(benchmark::State& state) {
  JwtKeyRing ring;
  ring[ReportsEntry().spiffe_id.trust_domain()].emplace(TheKey().id(), Need(TheKey().PublicKey()));
  const std::string token = Mint();
  for (auto _ : state) {
    auto valid = VerifyJwt(token, "spiffe://example.org/ns/prod/reports", ring, Noon());
    if (!valid) std::abort();
    benchmark::DoNotOptimize(valid);
  }
}
BENCHMARK(BM_ValidateToken);

}  // namespace
}  // namespace surety

BENCHMARK_MAIN();
