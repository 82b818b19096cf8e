#include "agent/config_sinks.h"

#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "agent/config_paths.h"

namespace surety {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kTitle = "[[sink]]";
constexpr std::size_t kMostSinks = 64;
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kMostWords = 64;
constexpr std::size_t kMostWordBytes = 4096;
constexpr std::string_view kNameLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
constexpr std::string_view kUnitLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_.\\@-";
constexpr mode_t kWidestKey = 0640;

constexpr std::array<std::pair<std::string_view, int>, 5> kSignals{
    {{"HUP", SIGHUP}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"WINCH", SIGWINCH}, {"INT", SIGINT}}};

bool ConsistsOf(std::string_view text, std::string_view letters, std::size_t most) {
  return !text.empty() && text.size() <= most &&
         text.find_first_not_of(letters) == std::string_view::npos;
}

// Which of the keys are there, in words.
template <std::size_t kCount>
std::vector<std::string_view> Present(const TomlTable& table,
                                      const std::array<std::string_view, kCount>& keys) {
  std::vector<std::string_view> out;
  for (const std::string_view key : keys)
    if (table.Has(key)) out.push_back(key);
  return out;
}

}  // namespace

void SinkTables::Read(TomlTable& top, Config& config) {
  const auto tables = top.Tables("sink", kTitle);
  if (tables.size() > kMostSinks)
    diagnostics_.Error(top.At("sink"), "there are " + std::to_string(tables.size()) + " sinks",
                       "have at most " + std::to_string(kMostSinks));
  for (const auto* each : tables) {
    TomlTable table(*each, kTitle, diagnostics_);
    SinkSettings sink;
    ReadName(table, config.sinks, sink);
    ReadSubject(table, config, sink.subject);
    ReadFolder(table, config, sink.folder);
    ReadLayout(table, sink);
    ReadOnRefusal(table, sink.keep_when_refused);
    ReadReload(table, sink.reload);
    table.RefuseUnknownKeys();
    config.sinks.push_back(std::move(sink));
  }
}

void SinkTables::ReadName(TomlTable& table, const std::vector<SinkSettings>& others,
                          SinkSettings& out) {
  constexpr std::string_view kExample = "\"nginx\"";
  const auto name = table.String("name", kExample);
  if (!name) {
    if (!table.Has("name"))
      diagnostics_.Error(table.at(), std::string(kTitle) + " has no name",
                         "add name = " + std::string(kExample) + ", for logs and surety status");
    return;
  }
  if (!ConsistsOf(name->value, kNameLetters, kLongestName))
    return diagnostics_.Error(name->at, "name " + Quoted(name->value) + " is no name",
                              "choose 1 to 64 letters, digits and any of _ . -");
  if (std::ranges::find(others, name->value, &SinkSettings::name) != others.end())
    return diagnostics_.Error(name->at, "name " + Quoted(name->value) + " is another sink's too",
                              "give each a name of its own");
  out.name = name->value;
}

void SinkTables::ReadSubject(TomlTable& table, const Config& config, SinkSubject& out) {
  const auto said = Present(table, std::array<std::string_view, 3>{"unit", "container", "uid"});
  if (said.size() != 1)
    diagnostics_.Error(said.size() > 1 ? table.At(said[1]) : table.at(),
                       std::string(kTitle) + (said.empty() ? " does not say for which process it is"
                                                           : " names its process in two ways"),
                       "set one of unit = \"nginx.service\", container = \"web\" and uid = "
                       "\"haproxy\"");
  ReadUnit(table, "unit", out.unit);
  ReadContainer(table, config, out.container);
  ReadUid(table, out);
}

void SinkTables::ReadUnit(TomlTable& table, std::string_view key, std::string& out) {
  constexpr std::string_view kExample = "\"nginx.service\"";
  constexpr std::size_t kLongestUnit = 255;
  const auto unit = table.String(key, kExample);
  if (!unit) return;
  if (!ConsistsOf(unit->value, kUnitLetters, kLongestUnit) || !unit->value.ends_with(".service"))
    return diagnostics_.Error(unit->at,
                              std::string(key) + " " + Quoted(unit->value) + " names no service",
                              "write its whole name: " + std::string(kExample));
  out = unit->value;
}

void SinkTables::ReadContainer(TomlTable& table, const Config& config, std::string& out) {
  const auto name = table.String("container", "\"web\"");
  if (!name) return;
  if (!ConsistsOf(name->value, kNameLetters, 128))
    return diagnostics_.Error(name->at, "container " + Quoted(name->value) + " names none",
                              "write its name or id as the engine shows it");
  if (!config.docker && !config.podman)
    return diagnostics_.Error(name->at, "there is no engine to ask about containers",
                              "enable [attestors.docker] or [attestors.podman]");
  out = name->value;
}

void SinkTables::ReadUid(TomlTable& table, SinkSubject& out) {
  if (const auto user = table.NameOrNumber("uid", "\"haproxy\""))
    out.uid = read_.User("uid", *user);
  const auto exe = table.String("exe", "\"/usr/sbin/haproxy\"");
  read_.FilePath("exe", exe, "\"/usr/sbin/haproxy\"", kMaxPathBytes, out.exe);
  if (exe && !table.Has("uid"))
    diagnostics_.Error(exe->at, "exe is set without uid", "add uid, or leave exe out");
  if (out.uid == 0U && out.exe.empty())
    diagnostics_.Error(table.At("uid"), "uid 0 alone names the first process of the host",
                       "add exe, or name the unit instead");
}

void SinkTables::ReadFolder(TomlTable& table, const Config& config, SinkFolderSettings& out) {
  constexpr std::string_view kExample = "\"/var/lib/surety-sinks/nginx\"";
  const auto folder = table.String("folder", kExample);
  if (!table.Has("folder"))
    diagnostics_.Error(table.at(), std::string(kTitle) + " has no folder",
                       "add folder = " + std::string(kExample));
  read_.Path("folder", folder, kMaxPathBytes, out.path);
  const auto same = std::ranges::find_if(config.sinks, [&](const SinkSettings& other) {
    return SameFolder(other.folder.path, out.path);
  });
  if (folder && same != config.sinks.end())
    diagnostics_.Error(folder->at, "folder " + Quoted(out.path) + " is another sink's too",
                       "give each a folder of its own");
  if (folder && IsBelow(out.path, config.state_dir))
    diagnostics_.Error(folder->at,
                       "folder " + Quoted(out.path) +
                           " is in state_dir, where nobody "
                           "else can read it",
                       "name one elsewhere: " + std::string(kExample));
  read_.Owner(table, out.owner);
  read_.Group(table, out.group);
  read_.Mode(table, out.key_mode);
  if ((out.key_mode & ~kWidestKey) != 0 || (out.key_mode & S_IRUSR) == 0)
    diagnostics_.Error(table.At("mode"), "mode lets others read the key, or not its owner",
                       "set mode = \"0600\", or \"0640\" for a group");
}

void SinkTables::ReadLayout(TomlTable& table, SinkSettings& out) {
  const auto layout = table.String("layout", "\"pem\"");
  if (layout && layout->value == "combined")
    out.layout = SinkLayout::kCombined;
  else if (layout && layout->value == "pkcs12")
    out.layout = SinkLayout::kPkcs12;
  else if (layout && layout->value != "pem")
    diagnostics_.Error(layout->at, "layout " + Quoted(layout->value) + " is not known",
                       "choose \"pem\", \"combined\" or \"pkcs12\"");
  const auto password = table.String("password", "\"changeit\"");
  if (!password) return;
  if (out.layout != SinkLayout::kPkcs12)
    diagnostics_.Error(password->at, "password is of use to layout \"pkcs12\" alone",
                       "leave it out: a key in PEM is kept by its file's mode");
  out.password = password->value;
}

void SinkTables::ReadOnRefusal(TomlTable& table, bool& keep) {
  const auto text = table.String("on_refusal", "\"remove\"");
  if (!text) return;
  keep = text->value == "keep";
  if (!keep && text->value != "remove")
    diagnostics_.Error(text->at, "on_refusal " + Quoted(text->value) + " is not known",
                       "choose \"remove\" or \"keep\"");
}

void SinkTables::ReadReload(TomlTable& table, SinkReload& out) {
  const auto said = Present(
      table, std::array<std::string_view, 3>{"reload_unit", "reload_signal", "reload_command"});
  if (said.size() > 1)
    diagnostics_.Error(table.At(said[1]),
                       std::string(said[0]) + " and " + std::string(said[1]) + " are both set",
                       "choose one way to reload");
  ReadUnit(table, "reload_unit", out.unit);
  ReadSignal(table, out.signal);
  ReadCommand(table, out.command);
  read_.FineSpan(table, "reload_timeout", "\"10s\"", milliseconds(100), milliseconds(300'000),
                 out.timeout);
}

void SinkTables::ReadSignal(TomlTable& table, int& out) {
  const auto text = table.String("reload_signal", "\"HUP\"");
  if (!text) return;
  std::string_view name = text->value;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  const auto at = std::ranges::find(kSignals, name, &std::pair<std::string_view, int>::first);
  if (at == kSignals.end())
    return diagnostics_.Error(text->at,
                              "reload_signal " + Quoted(text->value) + " reloads no program",
                              "choose \"HUP\", \"USR1\", \"USR2\", \"WINCH\" or \"INT\"");
  out = at->second;
}

void SinkTables::ReadCommand(TomlTable& table, std::vector<std::string>& out) {
  constexpr std::string_view kExample = "[\"/usr/bin/redis-cli\", \"ping\"]";
  const auto words = table.Strings("reload_command", kExample, kMostWords);
  if (!words) return;
  if (words->empty() || !words->front().value.starts_with('/'))
    return diagnostics_.Error(
        table.At("reload_command"),
        "reload_command does not begin with the whole path of a program",
        "write a list such as " + std::string(kExample) + "; no shell reads it");
  for (const auto& word : *words) {
    if (word.value.size() > kMostWordBytes || word.value.find('\0') != std::string::npos)
      return diagnostics_.Error(word.at, "a word of reload_command is too long or has a zero byte",
                                "write words of at most 4096 bytes");
    out.push_back(word.value);
  }
}

}  // namespace surety
