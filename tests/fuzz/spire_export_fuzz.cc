#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/command/entry_import.h"
#include "agent/identity/entries_file.h"

// Whatever SPIRE is said to have exported, what comes of it is what the daemon takes, and
// each entry is either written or said to be left out.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  const auto entries = surety::ParseSpireExport(json);
  if (!entries) return 0;
  const surety::EntryImportFlags flags{.file = "-", .trust_domain = "example.org"};
  const auto all = surety::ImportSpireEntries(*entries, flags, {}, 1);
  if (all.written + all.left_out != entries->size()) std::abort();
  if (all.remarks.size() < all.left_out) std::abort();
  for (const std::string& remark : all.remarks)
    if (remark.find_first_of("\n\x1b") != std::string::npos) std::abort();
  const surety::EntryRules rules{.trust_domain = *surety::TrustDomain::Parse("example.org"),
                                 .default_ttl = surety::Seconds(900),
                                 .ca_ttl = surety::kMaxX509Ttl};
  surety::Diagnostics diagnostics;
  const auto read = surety::ParseEntries("entries", all.toml, rules, diagnostics);
  surety::RefuseDuplicates(read, diagnostics);
  if (diagnostics.has_errors() || read.size() != all.written) std::abort();
  return 0;
}
