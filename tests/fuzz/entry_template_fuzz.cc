// A workload chooses the text of its selectors, but neither what stands around
// them in the entry that an operator pastes, nor how many there are.

#include <toml++/toml.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/command/entry_template.h"
#include "attestors/printable.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  surety::Attestation seen;
  seen.selectors = {{"unix", "uid:0"},
                    {"unix", "path:" + surety::Printable(text)},
                    {"unix", "path:" + text},
                    {"unix", "sha256:" + text},
                    {"cgroup", "path:" + text}};
  const auto table = toml::parse(surety::EntryTemplate(seen));
  const auto* entries = table["entry"].as_array();
  const auto* selectors = table["entry"][0]["selectors"].as_array();
  if (entries == nullptr || entries->size() != 1 || selectors == nullptr || table.size() != 1)
    std::abort();
  for (const auto& item : *selectors) {
    const auto selector = surety::Selector::Parse(item.value_or(std::string_view()));
    if (!selector || !seen.selectors.Contains(*selector)) std::abort();
  }
  return 0;
}
