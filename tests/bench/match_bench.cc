#include <benchmark/benchmark.h>

#include <cstddef>
#include <memory>
#include <string>

#include "agent/identity/entry_index.h"

namespace surety {
namespace {

/// As on a host with `count` services: every entry names the user it runs as and
/// the program, and every tenth of them a hash as well.
EntryIndex::Entries Services(std::size_t count) {
  EntryIndex::Entries out;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = "service-" + std::to_string(i);
    SelectorSet selectors{{"unix", "uid:" + std::to_string(1000 + i % 50)},
                          {"unix", "path:/usr/bin/" + name}};
    if (i % 10 == 0) selectors.Insert({"unix", "sha256:" + std::to_string(i)});
    out.push_back(std::make_shared<const Entry>(
        Entry{.id = name,
              .spiffe_id = *SpiffeId::Parse("spiffe://example.org/" + name),
              .selectors = std::move(selectors),
              .x509_ttl = Seconds(900),
              .hint = {},
              .dns_names = {},
              .priority = 0}));
  }
  return out;
}

/// About as many facts as the built-in attestors find.
SelectorSet Process(std::size_t service) {
  SelectorSet out{{"unix", "uid:" + std::to_string(1000 + service % 50)},
                  {"unix", "gid:1000"},
                  {"unix", "user:web"},
                  {"unix", "group:web"},
                  {"unix", "path:/usr/bin/service-" + std::to_string(service)},
                  {"unix", "sha256:" + std::to_string(service)},
                  {"cgroup", "path:/system.slice/web.service"},
                  {"cgroup", "id:4242"}};
  for (int i = 0; i < 8; ++i) out.Insert({"unix", "supplementary_gid:" + std::to_string(i)});
  for (int i = 0; i < 8; ++i) out.Insert({"unix", "ns:kind" + std::to_string(i) + ":4026531835"});
  return out;
}

void Match(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const EntryIndex index(Services(count));
  const SelectorSet have = Process(count / 2);
  for ([[maybe_unused]] auto _ : state) {
    auto match = index.Match(have);
    if (match.size() != 1) state.SkipWithError("one entry should match");
    benchmark::DoNotOptimize(match);
  }
}
BENCHMARK(Match)->Arg(10)->Arg(1'000)->Arg(10'000);

void Build(benchmark::State& state) {
  const auto entries = Services(static_cast<std::size_t>(state.range(0)));
  for ([[maybe_unused]] auto _ : state) {
    const EntryIndex index(entries);
    benchmark::DoNotOptimize(&index);
  }
}
BENCHMARK(Build)->Arg(10)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace surety

BENCHMARK_MAIN();
