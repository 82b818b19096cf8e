#include "agent/command/entry_import.h"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "agent/command/input_file.h"
#include "agent/command/output_folder.h"
#include "agent/command/toml_text.h"
#include "agent/identity/duration_text.h"
#include "agent/identity/entries_file.h"
#include "agent/identity/entries_folder.h"
#include "attestors/printable.h"

namespace surety {
namespace {

constexpr std::string_view kServerPath = "/spire/server";
constexpr const char* kFileName = "spire.toml";

// SPIRE's own tools write either form.
std::vector<std::string> BareNames(std::vector<std::string> trust_domains) {
  constexpr std::string_view kScheme = "spiffe://";
  for (std::string& name : trust_domains)
    if (name.starts_with(kScheme)) name.erase(0, kScheme.size());
  return trust_domains;
}

class EntryImport {
 public:
  EntryImport(const EntryImportFlags& flags, const std::vector<std::string>& known,
              std::int64_t now)
      : flags_(flags), known_(known), now_(now) {}

  void Take(const SpireEntry& entry) {
    name_ = entry.id.empty() ? entry.path : entry.id;
    if (const std::string why = WhyLeftOut(entry); !why.empty()) return LeaveOut(why);
    notes_.clear();
    std::string id = FreeId(entry.path.substr(std::min<std::size_t>(1, entry.path.size())));
    const std::string text = TextOf(entry, id);
    if (const std::string wrong = WhatIsWrong(text, entry); !wrong.empty()) return LeaveOut(wrong);
    ids_.insert(std::move(id));
    if (!entry.hint.empty()) hints_.insert(entry.hint);
    for (std::string& note : notes_) Remark(note);
    all_.toml += (all_.written == 0 ? "" : "\n") + text;
    ++all_.written;
  }
  ImportedEntries&& all() && { return std::move(all_); }

 private:
  void Remark(const std::string& what) { all_.remarks.push_back(Printable(name_) + ": " + what); }
  void LeaveOut(const std::string& why) {
    Remark("left out: " + why);
    ++all_.left_out;
  }

  [[nodiscard]] std::string TrustDomainOf(const SpireEntry& entry) const {
    return flags_.trust_domain.value_or(entry.trust_domain);
  }

  // What only a SPIRE Server can do, or what would widen the entry if it were passed over.
  [[nodiscard]] std::string WhyLeftOut(const SpireEntry& entry) const {
    if (entry.parent.ends_with(kServerPath))
      return "it names nodes, not workloads (its parent is the server)";
    if (flags_.parent && entry.parent != *flags_.parent)
      return "it is for another node: " + Printable(entry.parent);
    if (entry.downstream) return "it is for a downstream SPIRE Server";
    if (entry.store_svid) return "its SVIDs go to a store (store_svid), not to a process";
    if (entry.expires_at != 0 && entry.expires_at <= now_)
      return "it has expired (expires_at " + std::to_string(entry.expires_at) + ")";
    if (entry.expires_at != 0)
      return "it expires (expires_at " + std::to_string(entry.expires_at) +
             "), and entries here do not: write it by hand, and remove it then";
    return {};
  }

  // Two entries may have one SPIFFE ID; each needs a name of its own.
  [[nodiscard]] std::string FreeId(const std::string& wanted) const {
    std::string id = wanted;
    for (std::size_t number = 2; ids_.contains(id); ++number)
      id = wanted + "-" + std::to_string(number);
    return id;
  }

  void TtlLine(const char* key, std::int64_t ttl, Seconds least, Seconds most, std::string& text) {
    if (ttl == 0) return;
    const Seconds span = std::clamp(Seconds(ttl), least, most);
    if (span.count() != ttl)
      notes_.push_back(std::string(key) + " is " + DurationText(span) + " instead of " +
                       std::to_string(ttl) + " s, which is out of bounds here");
    text += std::string(key) + " = " + TomlString(DurationText(span)) + "\n";
  }

  void HintLine(const std::string& hint, std::string& text) {
    if (hint.empty()) return;
    if (hints_.contains(hint))
      notes_.push_back("without its hint " + TomlString(Printable(hint)) +
                       ", which another entry has: clients could not tell them apart");
    else
      text += "hint = " + TomlString(hint) + "\n";
  }

  void NoteTheRest(const SpireEntry& entry) {
    if (!flags_.parent && !entry.parent.empty())
      notes_.push_back("was for the node " + Printable(entry.parent) +
                       ": remove it if that is not this host");
    if (entry.admin) notes_.emplace_back("without admin: there is no server to administer");
    for (const std::string& domain : BareNames(entry.federates_with))
      notes_.push_back("federates_with " + Printable(domain) +
                       ": its bundle has to be brought here (surety bundle set)");
    for (const std::string& field : entry.unknown)
      notes_.push_back("without " + field + ", which is not known here");
  }

  std::string TextOf(const SpireEntry& entry, const std::string& id) {
    std::string text =
        "# SPIRE entry " + Printable(entry.id) + ", parent " + Printable(entry.parent) +
        "\n[[entry]]\nid = " + TomlString(id) +
        "\nspiffe_id = " + TomlString("spiffe://" + TrustDomainOf(entry) + entry.path) +
        "\nselectors = [\n";
    // As attestors write what workloads chose.
    for (const std::string& selector : entry.selectors)
      text += "  " + TomlString(Printable(selector)) + ",\n";
    text += "]\n";
    TtlLine("x509_ttl", entry.x509_ttl, kMinX509Ttl, kMaxX509Ttl, text);
    TtlLine("jwt_ttl", entry.jwt_ttl, kMinJwtTtl, kMaxJwtTtl, text);
    HintLine(entry.hint, text);
    if (!entry.dns_names.empty()) text += "dns_names = " + TomlStrings(entry.dns_names) + "\n";
    if (!entry.federates_with.empty())
      text += "federates_with = " + TomlStrings(BareNames(entry.federates_with)) + "\n";
    NoteTheRest(entry);
    return text;
  }

  // As the daemon would judge it; empty if it would take it.
  [[nodiscard]] std::string WhatIsWrong(const std::string& text, const SpireEntry& entry) const {
    const auto trust_domain = TrustDomain::Parse(TrustDomainOf(entry));
    if (!trust_domain) return trust_domain.error().Text();
    Diagnostics diagnostics;
    const EntryRules rules{.trust_domain = *trust_domain,
                           .default_ttl = kMinX509Ttl,
                           .ca_ttl = kMaxX509Ttl,
                           .known_selectors = known_};
    const auto entries = ParseEntries("entry", text, rules, diagnostics);
    if (diagnostics.has_errors()) {
      const auto& items = diagnostics.items();
      const auto first = std::ranges::find(items, Severity::kError, &Diagnostic::severity);
      return first->what + " (" + first->fix + ")";
    }
    return entries.size() == 1 ? std::string() : "it cannot be written here";
  }

  const EntryImportFlags& flags_;
  const std::vector<std::string>& known_;
  const std::int64_t now_;
  std::string name_;                // Of the entry that is taken.
  std::vector<std::string> notes_;  // On it.
  std::set<std::string> ids_;
  std::set<std::string> hints_;
  ImportedEntries all_;
};

Result<void> WriteEntries(const std::string& folder, const std::string& toml) {
  auto opened = OutputFolder::Open(folder);
  if (!opened) return opened.error();
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(toml.data()), toml.size());
  constexpr mode_t kReadable = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
  if (auto staged = opened->Stage(kFileName, bytes, kReadable); !staged) return staged;
  return opened->Commit();
}

}  // namespace

ImportedEntries ImportSpireEntries(const std::vector<SpireEntry>& entries,
                                   const EntryImportFlags& flags,
                                   const std::vector<std::string>& known_selectors,
                                   std::int64_t now) {
  EntryImport import(flags, known_selectors, now);
  for (const SpireEntry& entry : entries) import.Take(entry);
  return std::move(import).all();
}

Result<void> ImportEntries(const EntryImportFlags& flags,
                           const std::vector<std::string>& known_selectors, std::int64_t now,
                           std::istream& in, std::ostream& out, std::ostream& remarks) {
  const auto text = ReadInput(flags.file, in, kLargestSpireExport);
  if (!text) return text.error();
  const auto entries = ParseSpireExport(*text);
  if (!entries) return entries.error().Within(Printable(flags.file));
  const ImportedEntries all = ImportSpireEntries(*entries, flags, known_selectors, now);
  for (const std::string& remark : all.remarks) remarks << remark << "\n";
  remarks << all.written << " entries written, " << all.left_out << " left out\n";
  if (all.toml.size() > kMaxEntryFileBytes)
    return Error(ErrorCode::kInvalidArgument,
                 "more than one file of entries may hold: export them in parts, with "
                 "spire-server entry show -parentID ID -output json");
  if (!entries->empty() && all.written == 0)
    return Error(ErrorCode::kInvalidArgument, "no entry could be carried over: see above");
  if (flags.write_folder) return WriteEntries(*flags.write_folder, all.toml);
  out << all.toml;
  return {};
}

}  // namespace surety
