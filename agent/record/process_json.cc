#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>

#include "agent/record/decision_json.h"

namespace surety {
namespace {

// Selectors are sorted by type, and those of one type by value.
std::span<const Selector> OfType(const SelectorSet& selectors, std::string_view type) {
  const auto first = std::ranges::lower_bound(
      selectors, type, {}, [](const Selector& one) -> std::string_view { return one.type; });
  auto last = first;
  while (last != selectors.end() && last->type == type) ++last;
  return {first, last};
}

// The value without its kind: "0" of "uid:0".
std::optional<std::string_view> Take(std::string_view value, std::string_view kind) {
  if (!value.starts_with(kind) || value.size() <= kind.size() || value[kind.size()] != ':')
    return std::nullopt;
  return value.substr(kind.size() + 1);
}

std::optional<std::string_view> First(std::span<const Selector> of_unix, std::string_view kind) {
  for (const Selector& one : of_unix) {
    if (const auto value = Take(one.value, kind)) return value;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> ToNumber(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

void WriteIds(const Peer& peer, std::span<const Selector> of_unix, JsonWriter& json) {
  const auto number = [&](std::string_view kind) {
    const auto text = First(of_unix, kind);
    return text ? ToNumber(*text) : std::nullopt;
  };
  json.Key("pid").Number(peer.process->key().pid);
  json.Key("start").Number(peer.process->key().start_ticks);
  json.Key("uid").Number(number("uid").value_or(peer.uid));
  json.Key("gid").Number(number("gid").value_or(peer.gid));
  json.Key("peer_uid").Number(peer.uid);
  json.Key("peer_gid").Number(peer.gid);
}

void WriteExecutable(const Attestation& seen, std::span<const Selector> of_unix, JsonWriter& json) {
  constexpr std::array<std::string_view, 5> kKinds{"path", "claimed_path", "sha256",
                                                   "claimed_sha256", "exe"};
  for (const std::string_view kind : kKinds) {
    if (const auto value = First(of_unix, kind)) json.Key(kind).Text(*value);
  }
  if (!seen.executable) return;
  json.Key("device").Number(seen.executable->device);
  json.Key("inode").Number(seen.executable->inode);
}

void WriteNamespaces(std::span<const Selector> of_unix, JsonWriter& json) {
  json.Key("namespaces").BeginObject();
  for (const Selector& one : of_unix) {
    const auto value = Take(one.value, "ns");
    if (!value) continue;
    const auto colon = value->find(':');
    const auto inode =
        colon == std::string_view::npos ? std::nullopt : ToNumber(value->substr(colon + 1));
    if (inode) json.Key(value->substr(0, colon)).Number(*inode);
  }
  json.EndObject();
}

}  // namespace

void WriteProcess(const AuditEvent& event, const RecordLimits& limits, JsonWriter& json,
                  LeftOut& left_out) {
  const auto of_unix = OfType(event.seen.selectors, "unix");
  json.BeginObject();
  WriteIds(event.peer, of_unix, json);
  WriteExecutable(event.seen, of_unix, json);
  std::vector<std::string_view> cgroups;
  for (const Selector& one : OfType(event.seen.selectors, "cgroup")) {
    if (const auto path = Take(one.value, "path")) cgroups.push_back(*path);
  }
  json.Key("cgroups");
  WriteList(cgroups, limits, json, left_out, [&](std::string_view path) { json.Text(path); });
  WriteNamespaces(of_unix, json);
  json.EndObject();
}

}  // namespace surety
