#include "agent/identity/entry_reader.h"

#include <algorithm>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "agent/identity/dns_name.h"
#include "agent/identity/duration_text.h"
#include "agent/identity/nearest_name.h"
#include "agent/identity/pins_reader.h"
#include "surety/token.h"

namespace surety {
namespace {

constexpr std::string_view kReservedPath = "/spire";

bool IsControl(char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }

bool IsEntryIdByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_' || c == '/';
}

std::string NearestOrAll(std::string_view typed, const std::vector<std::string_view>& names) {
  if (const std::string_view nearest = NearestName(typed, names); !nearest.empty())
    return "did you mean \"" + std::string(nearest) + "\"?";
  std::string known;
  for (const std::string_view name : names)
    known += (known.empty() ? "" : ", ") + std::string(name);
  return "known are " + known;
}

}  // namespace

std::optional<LocatedEntry> EntryReader::Read() {
  auto spiffe_id = ReadSpiffeId();
  auto id = ReadId();
  auto selectors = ReadSelectors();
  const Seconds ttl = ReadTtl();
  auto hint = ReadHint();
  auto dns_names = ReadDnsNames();
  const int priority = ReadPriority();
  auto pins = PinsReader(table_, known_, diagnostics_).Read();
  const Seconds jwt_ttl = ReadTokenTtl("jwt_ttl", rules_.default_jwt_ttl);
  const Seconds wit_ttl = ReadTokenTtl("wit_ttl", rules_.default_wit_ttl);
  auto audiences = ReadAudiences();
  auto federates_with = ReadFederatesWith();
  const auto revoke_on_exit = table_.Boolean("revoke_on_exit", "false");
  table_.RefuseUnknownKeys();
  if (!spiffe_id) return std::nullopt;

  const bool id_is_derived = !id;
  if (!id) id = {spiffe_id->path().substr(1), table_.At("spiffe_id")};
  if (!hint) hint = {{}, table_.at()};
  return LocatedEntry{Entry{.id = std::move(id->value),
                            .spiffe_id = *std::move(spiffe_id),
                            .selectors = std::move(selectors),
                            .x509_ttl = ttl,
                            .hint = std::move(hint->value),
                            .dns_names = std::move(dns_names),
                            .priority = priority,
                            .pins = std::move(pins),
                            .revoke_on_exit = !revoke_on_exit || revoke_on_exit->value,
                            .jwt_ttl = jwt_ttl,
                            .jwt_audiences = std::move(audiences),
                            .wit_ttl = wit_ttl,
                            .federates_with = std::move(federates_with)},
                      std::string(diagnostics_.file()),
                      table_.at(),
                      id->at,
                      hint->at,
                      id_is_derived,
                      table_.At("selectors")};
}

std::optional<SpiffeId> EntryReader::ReadSpiffeId() {
  const std::string example = '"' + rules_.trust_domain.IdText() + "/web\"";
  const auto text = table_.String("spiffe_id", example);
  if (!text) {
    if (!table_.Has("spiffe_id"))
      diagnostics_.Error(table_.at(), "the entry has no spiffe_id", "add spiffe_id = " + example);
    return std::nullopt;
  }
  auto id = SpiffeId::Parse(text->value);
  if (!id) {
    diagnostics_.Error(text->at, "spiffe_id " + Quoted(text->value) + ": " + id.error().message(),
                       "write it as " + example);
    return std::nullopt;
  }
  if (id->trust_domain() != rules_.trust_domain) {
    diagnostics_.Error(text->at,
                       "spiffe_id is of the trust domain \"" + id->trust_domain().name() +
                           "\", and this daemon speaks for \"" + rules_.trust_domain.name() + "\"",
                       "write spiffe_id = \"" + rules_.trust_domain.IdText() + id->path() +
                           "\", or correct trust_domain in the daemon's configuration");
    return std::nullopt;
  }
  if (id->path().empty()) {
    diagnostics_.Error(text->at, "spiffe_id has no path, so it names the trust domain itself",
                       "name the workload: spiffe_id = " + example);
    return std::nullopt;
  }
  if (id->path() == kReservedPath || id->path().starts_with(std::string(kReservedPath) + '/')) {
    diagnostics_.Error(text->at,
                       "spiffe_id is below /spire, which is reserved for servers and agents",
                       "choose another path, such as " + example);
    return std::nullopt;
  }
  if (rules_.endpoint_id == *id) {
    diagnostics_.Error(text->at,
                       "spiffe_id is that of [bundle_endpoint], by which other trust domains "
                       "know who may tell them our keys",
                       "choose another path, such as " + example);
    return std::nullopt;
  }
  return *std::move(id);
}

std::optional<Located<std::string>> EntryReader::ReadId() {
  auto id = table_.String("id", "\"web\"");
  if (!id) return std::nullopt;
  if (!id->value.empty() && id->value.size() <= kMaxEntryIdBytes &&
      std::all_of(id->value.begin(), id->value.end(), IsEntryIdByte))
    return id;
  diagnostics_.Error(
      id->at,
      "id " + Quoted(id->value) + " is not 1 to 2048 bytes of a-z, A-Z, 0-9, '.', '-', '_' and '/'",
      "write it as id = \"web\", or leave it out");
  return std::nullopt;
}

SelectorSet EntryReader::ReadSelectors() {
  constexpr std::string_view kExample = R"(["unix:uid:1001"])";
  const auto texts = table_.Strings("selectors", kExample, kMaxSelectorsPerEntry);
  const std::string fix = "say which processes it is for: selectors = " + std::string(kExample);
  SelectorSet out;
  if (!texts) {
    if (!table_.Has("selectors"))
      diagnostics_.Error(table_.at(), "the entry has no selectors, so it would match every process",
                         fix);
    return out;
  }
  for (const auto& text : *texts) {
    auto selector = ReadSelector(text);
    if (!selector) continue;
    if (out.Contains(*selector))
      diagnostics_.Warn(text.at, "selector " + Quoted(text.value) + " is there twice",
                        "remove one");
    out.Insert(*std::move(selector));
  }
  if (texts->empty())
    diagnostics_.Error(table_.At("selectors"),
                       "the list of selectors is empty, so the entry would match every process",
                       fix);
  return out;
}

std::optional<Selector> EntryReader::ReadSelector(const Located<std::string>& text) {
  const std::string fix =
      "write it as type:value, such as \"unix:uid:1001\"; surety attest PID "
      "prints those of a process";
  const auto refuse = [&](const std::string& what, const std::string& how) {
    diagnostics_.Error(text.at, "selector " + Quoted(text.value) + " " + what, how);
    return std::nullopt;
  };
  if (text.value.size() > kMaxSelectorBytes)
    return refuse("is longer than 8192 bytes", "shorten it");
  auto selector = Selector::Parse(text.value);
  if (!selector) return refuse("is not written type:value", fix);
  if (std::any_of(text.value.begin(), text.value.end(), IsControl))
    return refuse("has a control character in it", fix);
  if (text.value.front() == ' ' || text.value.back() == ' ' || selector->type.ends_with(' '))
    return refuse("has a space around its type or value", "remove the space");
  const std::string section = KnownSelectors::SectionOf(selector->type);
  if (!known_.HasType(selector->type) && !section.empty())
    return refuse("is of the type " + Quoted(selector->type) + ", whose attestor is switched off",
                  "add the section " + section + " to the daemon's configuration");
  if (!known_.HasType(selector->type))
    return refuse("is of the type " + Quoted(selector->type) + ", which no attestor here makes",
                  NearestOrAll(selector->type, known_.Types()));
  if (const std::string kind = selector->Kind(); !known_.HasKind(kind))
    return refuse("is of the kind " + Quoted(kind) + ", which no attestor here makes",
                  NearestOrAll(kind, known_.KindsOf(selector->type)));
  return *std::move(selector);
}

Seconds EntryReader::ReadTtl() {
  const auto ttl = table_.Duration("x509_ttl", "\"10m\"", kMinX509Ttl, kMaxX509Ttl);
  if (!ttl) return rules_.default_ttl;
  if (ttl->value > rules_.ca_ttl)
    diagnostics_.Warn(
        ttl->at,
        "x509_ttl is longer than the signer's own lifetime (ca_ttl is " +
            DurationText(rules_.ca_ttl) + "), so SVIDs will be shorter",
        "choose a shorter x509_ttl, or a longer ca_ttl in the daemon's configuration");
  return ttl->value;
}

std::optional<Located<std::string>> EntryReader::ReadHint() {
  auto hint = table_.String("hint", "\"internal\"");
  if (!hint) return std::nullopt;
  if (hint->value.size() > kMaxHintBytes) {
    diagnostics_.Error(
        hint->at,
        "hint is " + std::to_string(hint->value.size()) + " bytes long; at most 1024 are allowed",
        "shorten it");
    return std::nullopt;
  }
  if (std::any_of(hint->value.begin(), hint->value.end(), IsControl)) {
    diagnostics_.Error(hint->at, "hint has a control character in it",
                       "write it as hint = \"internal\"");
    return std::nullopt;
  }
  return hint;
}

std::vector<std::string> EntryReader::ReadDnsNames() {
  const auto names = table_.Strings("dns_names", R"(["web.internal"])", kMaxDnsNamesPerEntry);
  std::vector<std::string> out;
  if (!names) return out;
  for (const auto& name : *names) {
    if (const auto checked = CheckDnsName(name.value); !checked)
      diagnostics_.Error(name.at, checked.error().message(),
                         "write a name such as \"web.internal\" or \"*.web.internal\"");
    else if (std::find(out.begin(), out.end(), name.value) != out.end())
      diagnostics_.Warn(name.at, "DNS name " + Quoted(name.value) + " is there twice",
                        "remove one");
    else
      out.push_back(name.value);
  }
  return out;
}

int EntryReader::ReadPriority() {
  const auto priority = table_.Integer("priority", "10");
  if (!priority) return 0;
  if (priority->value < std::numeric_limits<int>::min() ||
      priority->value > std::numeric_limits<int>::max()) {
    diagnostics_.Error(priority->at,
                       "priority " + std::to_string(priority->value) + " is too large",
                       "choose a number from -2147483648 to 2147483647");
    return 0;
  }
  return static_cast<int>(priority->value);
}

Seconds EntryReader::ReadTokenTtl(std::string_view name, Seconds otherwise) {
  constexpr Seconds kLong{3'600};
  const auto ttl = table_.Duration(name, "\"5m\"", kMinJwtTtl, kMaxJwtTtl);
  if (!ttl) return otherwise;
  if (ttl->value > kLong)
    diagnostics_.Warn(ttl->at,
                      std::string(name) + " is " + DurationText(ttl->value) +
                          ", and a token cannot be revoked: whoever gets hold of one is believed "
                          "for that long",
                      "choose an hour or less, such as \"5m\"");
  return ttl->value;
}

std::optional<std::vector<std::string>> EntryReader::ReadAudiences() {
  constexpr std::string_view kExample = R"(["reports"])";
  const auto texts = table_.Strings("jwt_audiences", kExample, kMaxAudiencesPerEntry);
  if (!texts) {
    // What cannot be read must not come to mean "any".
    if (table_.Has("jwt_audiences")) return std::vector<std::string>();
    return std::nullopt;
  }
  std::vector<std::string> out;
  for (const auto& text : *texts) {
    const auto checked = CheckAudiences(std::span(&text.value, 1));
    if (!checked)
      diagnostics_.Error(text.at, "jwt_audiences: " + checked.error().message(),
                         "write the names of the services, such as " + std::string(kExample));
    else if (std::find(out.begin(), out.end(), text.value) != out.end())
      diagnostics_.Warn(text.at, "audience " + Quoted(text.value) + " is there twice",
                        "remove one");
    else
      out.push_back(text.value);
  }
  if (texts->empty())
    diagnostics_.Warn(table_.At("jwt_audiences"),
                      "jwt_audiences is empty, so the entry gets no token for anybody",
                      "name the services, or leave jwt_audiences out to allow any");
  return out;
}

std::vector<TrustDomain> EntryReader::ReadFederatesWith() {
  constexpr std::string_view kExample = R"(["partner.example"])";
  const std::string fix = "write the bare names: federates_with = " + std::string(kExample);
  std::vector<TrustDomain> out;
  const auto texts = table_.Strings("federates_with", kExample, kMaxFederatesWith);
  if (!texts) return out;
  for (const auto& text : *texts) {
    const auto domain = TrustDomain::Parse(text.value);
    if (!domain)
      diagnostics_.Error(
          text.at, "federates_with: " + Quoted(text.value) + ": " + domain.error().message(), fix);
    else if (*domain == rules_.trust_domain)
      diagnostics_.Error(text.at,
                         "federates_with names " + Quoted(text.value) +
                             ", our own trust domain, whose bundle every entry gets",
                         "remove it");
    else if (std::find(out.begin(), out.end(), *domain) != out.end())
      diagnostics_.Warn(text.at, "trust domain " + Quoted(text.value) + " is there twice",
                        "remove one");
    else
      out.push_back(*domain);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace surety
