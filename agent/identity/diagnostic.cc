#include "agent/identity/diagnostic.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>
#include <utility>

namespace surety {
namespace {

constexpr std::size_t kMaxQuotedBytes = 256;

void AppendEscaped(char c, std::string& out) {
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
  } else if (c >= ' ' && c <= '~') {
    out += c;
  } else {
    std::array<char, 8> hex{};
    static_cast<void>(std::snprintf(hex.data(), hex.size(), "\\x%02x",
                                    static_cast<unsigned>(static_cast<unsigned char>(c))));
    out += hex.data();
  }
}

}  // namespace

void Diagnostics::Add(Diagnostic item) {
  ++(item.severity == Severity::kError ? errors_ : warnings_);
  if (items_.size() < kMaxKept) items_.push_back(std::move(item));
}

void FileDiagnostics::Error(Position at, std::string what, std::string fix) {
  all_.Add({std::string(file_), at, Severity::kError, std::move(what), std::move(fix)});
}

void FileDiagnostics::Warn(Position at, std::string what, std::string fix) {
  all_.Add({std::string(file_), at, Severity::kWarning, std::move(what), std::move(fix)});
}

std::string PlaceOf(const Diagnostic& item) {
  if (item.at.line == 0) return item.file;
  return item.file + ":" + std::to_string(item.at.line) + ":" + std::to_string(item.at.column);
}

std::string Render(const Diagnostic& item) {
  const std::string_view severity = item.severity == Severity::kError ? "error" : "warning";
  std::string out = PlaceOf(item) + ": " + std::string(severity) + ": " + item.what;
  if (!item.fix.empty()) out += "\n  fix: " + item.fix;
  return out;
}

void Print(const Diagnostics& diagnostics, std::ostream& out) {
  for (const auto& item : diagnostics.items()) out << Render(item) << '\n';
  if (diagnostics.not_kept() != 0) out << "and " << diagnostics.not_kept() << " more\n";
}

std::string Summary(const Diagnostics& diagnostics) {
  const auto& items = diagnostics.items();
  const auto first = std::find_if(items.begin(), items.end(), [](const Diagnostic& item) {
    return item.severity == Severity::kError;
  });
  if (!diagnostics.has_errors()) return {};
  if (first == items.end()) return std::to_string(diagnostics.errors()) + " errors";
  std::string out = PlaceOf(*first) + ": " + first->what;
  if (!first->fix.empty()) out += " (fix: " + first->fix + ")";
  if (const std::size_t more = diagnostics.errors() - 1; more != 0)
    out += ", and " + std::to_string(more) + (more == 1 ? " more error" : " more errors");
  return out;
}

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, kMaxQuotedBytes)) AppendEscaped(c, out);
  if (text.size() > kMaxQuotedBytes) out += "...";
  return out + '"';
}

}  // namespace surety
