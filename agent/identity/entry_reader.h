#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/identity/entries_file.h"
#include "agent/identity/known_selectors.h"
#include "agent/identity/toml_reader.h"

namespace surety {

/// Reads one [[entry]]. Borrows all it is given.
class EntryReader {
 public:
  EntryReader(const toml::table& table, const EntryRules& rules, FileDiagnostics& diagnostics)
      : table_(table, "[[entry]]", diagnostics),
        rules_(rules),
        known_(rules.known_selectors),
        diagnostics_(diagnostics) {}

  /// nullopt if no SPIFFE ID could be read. Reads on after an error, so that all
  /// are told.
  std::optional<LocatedEntry> Read();

 private:
  std::optional<SpiffeId> ReadSpiffeId();
  std::optional<Located<std::string>> ReadId();
  SelectorSet ReadSelectors();
  std::optional<Selector> ReadSelector(const Located<std::string>& text);
  Seconds ReadTtl();
  std::optional<Located<std::string>> ReadHint();
  std::vector<std::string> ReadDnsNames();
  int ReadPriority();
  Seconds ReadTokenTtl(std::string_view name, Seconds otherwise);
  std::optional<std::vector<std::string>> ReadAudiences();
  std::vector<TrustDomain> ReadFederatesWith();

  TomlTable table_;
  const EntryRules& rules_;
  const KnownSelectors known_;
  FileDiagnostics& diagnostics_;
};

}  // namespace surety
