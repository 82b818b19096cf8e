#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/identity/entries_file.h"

namespace {

void CheckDiagnostics(const surety::Diagnostics& diagnostics) {
  for (const auto& item : diagnostics.items())
    for (const char c : surety::Render(item))
      if ((c < ' ' && c != '\n') || c > '~') std::abort();
}

void CheckEntry(const surety::Entry& entry) {
  if (entry.selectors.empty() || entry.id.empty()) std::abort();
  if (entry.spiffe_id.trust_domain().name() != "example.org") std::abort();
  if (entry.spiffe_id.path().empty() || entry.spiffe_id.path().starts_with("/spire/")) std::abort();
  if (entry.hint.size() > surety::kMaxHintBytes) std::abort();
  if (entry.pins && !std::is_sorted(entry.pins->begin(), entry.pins->end())) std::abort();
  if (entry.pins && (entry.pins->empty() || entry.pins->size() > surety::kMaxPinsPerEntry))
    std::abort();
  if (entry.x509_ttl < surety::kMinX509Ttl || entry.x509_ttl > surety::kMaxX509Ttl) std::abort();
}

}  // namespace

// Whatever is taken keeps the promises of Entry, and what is said of the rest can
// be shown on a terminal.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const surety::EntryRules rules{.trust_domain = *surety::TrustDomain::Parse("example.org"),
                                        .default_ttl = surety::Seconds(900),
                                        .ca_ttl = surety::Seconds(86'400),
                                        .known_selectors = {"unix:uid", "unix:path", "cgroup"}};
  surety::Diagnostics diagnostics;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto entries = surety::ParseEntries("fuzz.toml", text, rules, diagnostics);
  surety::RefuseDuplicates(entries, diagnostics);
  CheckDiagnostics(diagnostics);
  if (diagnostics.has_errors()) return 0;
  for (const auto& entry : entries) CheckEntry(entry.entry);
  return 0;
}
