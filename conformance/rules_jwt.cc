#include <algorithm>
#include <array>

#include "conformance/forged_token.h"
#include "conformance/probe.h"

namespace conformance {
namespace {

using nlohmann::json;

std::string Told(const Answer& answer) { return answer.message ? "is served" : TextOf(answer.end); }

// Whether there are tokens to compare with; the reason to pass over the rule if not.
std::optional<Verdict> NoTokens(Probe& probe) {
  if (probe.Tokens() != nullptr) return std::nullopt;
  return probe.Without(probe.TokenAnswer(), "JP4");
}

// The verdict on a call that has to end with `code`.
Verdict EndsWith(const Answer& answer, Code code, const std::string& what) {
  if (!answer.message && answer.end.code == code) return Judged("");
  return Judged(what + ": " + Told(answer) + ", not " + NameOf(code));
}

Verdict NoAudience(Probe& probe) {
  const auto answer = probe.Ask("FetchJWTSVID");
  if (answer.end.code == Code::kUnimplemented) return probe.Without(answer, "E1");
  if (probe.options().no_identity && answer.end.code == Code::kPermissionDenied) return Judged("");
  return EndsWith(answer, Code::kInvalidArgument, "FetchJWTSVID without an audience");
}

constexpr std::array kMalformed = {"web",
                                   "http://example.org/web",
                                   "spiffe://",
                                   "spiffe://example.org/a/../b",
                                   "spiffe://example.org/%77eb",
                                   "spiffe://example.org/web/",
                                   "spiffe://example.org//web",
                                   "spiffe://example.org:80/web",
                                   "spiffe://user@example.org/web",
                                   "spiffe://example.org/web?x=1"};

Verdict MalformedId(Probe& probe) {
  if (auto missing = NoTokens(probe)) return *missing;
  for (const char* id : kMalformed) {
    const auto answer = probe.Ask("FetchJWTSVID", TokenRequest(probe.options().audiences, id));
    auto verdict = EndsWith(answer, Code::kInvalidArgument, std::string("the SPIFFE ID ") + id);
    if (verdict.result != Result::kKept) return verdict;
  }
  return Judged("");
}

std::vector<Answer> AskForOthers(Probe& probe) {
  std::vector<Answer> answers;
  for (const auto& domain : {probe.OwnDomain(), std::string("spiffe://unknown.invalid")})
    answers.push_back(probe.Ask("FetchJWTSVID", TokenRequest(probe.options().audiences,
                                                             domain + "/conformance/of-nobody")));
  return answers;
}

Verdict NotForOthers(Probe& probe) {
  if (auto missing = NoTokens(probe)) return *missing;
  for (const auto& answer : AskForOthers(probe))
    if (answer.message) return Judged("a request for the SPIFFE ID of another is served");
  return Judged("");
}

Verdict DeniedForOthers(Probe& probe) {
  if (auto missing = NoTokens(probe)) return *missing;
  for (const auto& answer : AskForOthers(probe))
    if (!answer.message && answer.end.code != Code::kPermissionDenied)
      return Judged("a request for the SPIFFE ID of another ends with " + TextOf(answer.end) +
                    ", not PERMISSION_DENIED");
  return Judged("");
}

std::set<std::string> IdsOf(const JWTSVIDResponse& response) {
  std::set<std::string> ids;
  for (const auto& svid : response.svids()) ids.insert(svid.spiffe_id());
  return ids;
}

Verdict ForEachIdentity(Probe& probe) {
  const auto& answer = probe.TokenAnswer();
  const auto* response = probe.Tokens();
  if (probe.options().no_identity || answer.end.code == Code::kUnimplemented)
    return probe.Without(answer, "E1");
  if (response == nullptr)
    return Judged("FetchJWTSVID for '" + probe.options().audiences.front() + "' ends with " +
                  TextOf(answer.end) + "; is it an audience that --jwt-audience may name?");
  if (response->svids().empty()) return Judged("the answer holds no token");
  for (const auto& svid : response->svids())
    if (svid.spiffe_id().empty() || svid.svid().empty()) return Judged("a token lacks a field");
  const auto ids = IdsOf(*response);
  for (const Svid& svid : probe.Svids())
    if (!ids.contains(svid.id)) return Judged("there is an X.509-SVID and no token of " + svid.id);
  return Judged("");
}

Verdict OfOneIdentity(Probe& probe) {
  if (auto missing = NoTokens(probe)) return *missing;
  for (const auto& id : IdsOf(*probe.Tokens())) {
    const auto answer =
        probe.Ask("FetchJWTSVID", TokenRequest({probe.options().audiences.front()}, id));
    JWTSVIDResponse response;
    if (!answer.message || !response.ParseFromString(*answer.message))
      return Judged("a request for " + id + " ends with " + TextOf(answer.end));
    if (IdsOf(response) != std::set{id}) return Judged("a request for " + id + " gives others");
  }
  return Judged("");
}

std::set<std::string> AudiencesOf(const json& claims) {
  std::set<std::string> audiences;
  const auto found = claims.find("aud");
  if (found == claims.end()) return audiences;
  if (found->is_string()) audiences.insert(found->get<std::string>());
  for (const json& one : found->is_array() ? *found : json::array())
    if (one.is_string()) audiences.insert(one.get<std::string>());
  return audiences;
}

Verdict AsRequested(Probe& probe) {
  if (auto missing = NoTokens(probe)) return *missing;
  const auto& all = probe.options().audiences;
  for (const auto& wanted : {std::vector{all.front()}, all}) {
    const auto answer = probe.Ask("FetchJWTSVID", TokenRequest(wanted));
    JWTSVIDResponse response;
    if (!answer.message || !response.ParseFromString(*answer.message))
      return Judged("a request for all audiences ends with " + TextOf(answer.end));
    for (const auto& svid : response.svids()) {
      const auto token = ReadToken(svid.svid());
      if (token && AudiencesOf(token->claims) != std::set(wanted.begin(), wanted.end()))
        return Judged(svid.spiffe_id() + ": aud is not what was asked for: " +
                      token->claims.value("aud", json()).dump());
    }
  }
  return Judged("");
}

Verdict HintOnce(Probe& probe) {
  if (auto missing = NoTokens(probe)) return *missing;
  std::set<std::string> seen;
  for (const auto& svid : probe.Tokens()->svids())
    if (!svid.hint().empty() && !seen.insert(svid.hint()).second)
      return Judged("two tokens have the hint '" + svid.hint() + "'");
  return Judged("");
}

Verdict OwnJwkSet(Probe& probe) {
  const auto& first = probe.First(kJwtBundles);
  if (probe.Tokens() != nullptr && !first.message && first.end.code != Code::kDeadlineExceeded)
    return Judged("FetchJWTBundles ends with " + TextOf(first.end));
  if (probe.JwtBundles() == nullptr) return probe.Without(first, "E1");
  const auto own = probe.OwnDomain();
  const bool there = own.empty() || probe.JwtBundles()->bundles().contains(own);
  return Judged(there ? "" : "the bundle of " + own + " lacks");
}

// `check` tells what is wrong with one JWK.
template <auto check>
Verdict OfJwks(Probe& probe) {
  if (probe.JwtBundles() == nullptr) return probe.Without(probe.First(kJwtBundles), "JB1");
  for (const auto& [domain, text] : probe.JwtBundles()->bundles())
    for (const json& key : ReadJwkSet(text).value_or(std::vector<json>{}))
      if (std::string problem = check(key); !problem.empty())
        return Judged(domain + ": " + problem);
  return Judged("");
}

std::string OtherUse(const json& key) {
  const auto use = TextAt(key, "use");
  if (key.contains("use") && use != "jwt-svid" && use != "sig")
    return "a JWK has the use '" + use + "'";
  return key.contains("x5c") ? "a JWK is a certificate" : "";
}

std::string JwkWithoutKid(const json& key) {
  return TextAt(key, "kid").empty() ? "a JWK has no kid" : "";
}

Verdict StandardJwkSet(Probe& probe) {
  if (probe.JwtBundles() == nullptr) return probe.Without(probe.First(kJwtBundles), "JB1");
  for (const auto& [domain, text] : probe.JwtBundles()->bundles()) {
    const auto keys = ReadJwkSet(text);
    if (!keys) return Judged(domain + ": the bundle is no JWK Set");
    for (const json& key : *keys)
      if (TextAt(key, "kty").empty()) return Judged(domain + ": a JWK has no kty");
  }
  return Judged("");
}

std::string ValidateRequest(const std::string& audience, const std::string& token) {
  ValidateJWTSVIDRequest request;
  request.set_audience(audience);
  request.set_svid(token);
  return request.SerializeAsString();
}

// The first token that can be taken apart; null if there is none.
const HeldToken* GoodToken(Probe& probe) {
  const auto& held = probe.HeldTokens();
  const auto found =
      std::ranges::find_if(held, [](const auto& one) { return one.content.has_value(); });
  return found == held.end() ? nullptr : &*found;
}

Verdict FieldMissing(Probe& probe) {
  const HeldToken* token = GoodToken(probe);
  const std::string text = token == nullptr ? "of.no.use" : token->text;
  for (const auto& [audience, svid] : {std::pair{std::string(), text}, {"reports", ""}}) {
    const auto answer = probe.Ask("ValidateJWTSVID", ValidateRequest(audience, svid));
    if (answer.end.code == Code::kUnimplemented) return probe.Without(answer, "E1");
    const std::string what = audience.empty() ? "an audience" : "a token";
    auto verdict = EndsWith(answer, Code::kInvalidArgument, "ValidateJWTSVID without " + what);
    if (verdict.result != Result::kKept) return verdict;
  }
  return Judged("");
}

Verdict BelievesItsOwn(Probe& probe) {
  const HeldToken* token = GoodToken(probe);
  if (token == nullptr) return probe.Without(probe.TokenAnswer(), "JP4 and JD1");
  const auto& audience = probe.options().audiences.front();
  const auto answer = probe.Ask("ValidateJWTSVID", ValidateRequest(audience, token->text));
  ValidateJWTSVIDResponse response;
  if (!answer.message || !response.ParseFromString(*answer.message))
    return Judged("a token of the server's own: " + TextOf(answer.end));
  if (response.spiffe_id() != token->id)
    return Judged("spiffe_id is '" + response.spiffe_id() + "', not " + token->id);
  for (const char* claim : {"sub", "aud", "exp"})
    if (!response.claims().fields().contains(claim))
      return Judged(std::string("the claims lack ") + claim);
  return Judged("");
}

// What the server makes of each forged token, and of a real one for another audience.
std::vector<std::pair<std::string, Answer>> TryForged(Probe& probe, const HeldToken& real) {
  std::vector<std::pair<std::string, Answer>> told;
  const auto& audience = probe.options().audiences.front();
  json jwk;
  if (const auto* response = probe.JwtBundles())
    for (const auto& [domain, text] : response->bundles())
      for (const json& key : ReadJwkSet(text).value_or(std::vector<json>{}))
        if (TextAt(key, "kid") == TextAt(real.content->header, "kid")) jwk = key;
  for (const auto& [name, text] : Forge(*real.content, real.text, jwk))
    told.emplace_back("with " + name,
                      probe.Ask("ValidateJWTSVID", ValidateRequest(audience, text)));
  told.emplace_back(
      "for another audience",
      probe.Ask("ValidateJWTSVID", ValidateRequest("of-nobody.conformance.invalid", real.text)));
  return told;
}

Verdict BelievesNoForged(Probe& probe) {
  const HeldToken* real = GoodToken(probe);
  if (real == nullptr) return probe.Without(probe.TokenAnswer(), "JP4 and JD1");
  for (const auto& [name, answer] : TryForged(probe, *real))
    if (answer.message) return Judged("a token " + name + " is believed");
  return Judged("");
}

Verdict CodeForForged(Probe& probe) {
  const HeldToken* real = GoodToken(probe);
  if (real == nullptr) return probe.Without(probe.TokenAnswer(), "JP4 and JD1");
  for (const auto& [name, answer] : TryForged(probe, *real))
    if (!answer.message && answer.end.code != Code::kInvalidArgument)
      return Judged("a token " + name + ": " + TextOf(answer.end) + ", not INVALID_ARGUMENT");
  return Judged("");
}

Verdict UnknownDomain(Probe& probe) {
  const HeldToken* real = GoodToken(probe);
  if (real == nullptr) return probe.Without(probe.TokenAnswer(), "JP4 and JD1");
  const auto answer = probe.Ask(
      "ValidateJWTSVID",
      ValidateRequest(probe.options().audiences.front(), ForeignToken(*real->content).text));
  return Judged(answer.message ? "a token of a trust domain without a bundle is believed" : "");
}

constexpr auto kFetchJwt = "Workload API 6.2.1";
constexpr auto kBundles = "Workload API 6.2.2";
constexpr auto kValidate = "Workload API 6.2.3";

constexpr std::array kJwtRules = {
    Rule{"JP1", "Workload API 4.5", Strength::kShould,
         "A request without an audience gets INVALID_ARGUMENT", NoAudience},
    Rule{"JP2", kFetchJwt, Strength::kUsual, "So does one for a malformed SPIFFE ID", MalformedId},
    Rule{"JP3", kFetchJwt, Strength::kMust, "Nobody gets a token for the SPIFFE ID of another",
         NotForOthers},
    Rule{"JP3b", kFetchJwt, Strength::kShould, "and is told PERMISSION_DENIED", DeniedForOthers},
    Rule{"JP4", kFetchJwt, Strength::kMust,
         "Without a SPIFFE ID there is a token for each identity", ForEachIdentity},
    Rule{"JP4b", kFetchJwt, Strength::kMust, "With one there are tokens of that identity alone",
         OfOneIdentity},
    Rule{"JP5", kFetchJwt, Strength::kMust, "aud is the audiences of the request", AsRequested},
    Rule{"JP6", kFetchJwt, Strength::kMust, "A hint is there once", HintOnce},
    Rule{"JB1", kBundles, Strength::kMust,
         "FetchJWTBundles gives the bundle of the own trust domain", OwnJwkSet},
    Rule{"JB1b", kBundles, Strength::kMust, "There are keys of JWT-SVIDs alone", OfJwks<OtherUse>},
    Rule{"JB2", kBundles, Strength::kMust, "A bundle is a JWK Set (RFC 7517)", StandardJwkSet},
    Rule{"JD10", "JWT-SVID 6.1", Strength::kMust, "Every JWK has a kid", OfJwks<JwkWithoutKid>},
    Rule{"JV1", "Workload API 4.5", Strength::kShould,
         "ValidateJWTSVID without audience or token gets INVALID_ARGUMENT", FieldMissing},
    Rule{"JV2", kValidate, Strength::kMust,
         "A token of the server's own is believed, with sub, aud and exp", BelievesItsOwn},
    Rule{"JV3", kValidate, Strength::kMust, "A token that is forged or for another audience is not",
         BelievesNoForged},
    Rule{"JV3b", kValidate, Strength::kUsual, "and gets INVALID_ARGUMENT", CodeForForged},
    Rule{"JV4", "Workload API 6.3", Strength::kMust,
         "Nor is a token of a trust domain without a bundle", UnknownDomain},
    Rule{"JV5", kValidate, Strength::kUsual, "Which claims of foreign tokens are told", nullptr,
         "there would have to be a token of a federated trust domain"},
    Rule{"JV6", kValidate, Strength::kUsual, "Whether callers without an identity may validate",
         nullptr, "the specification leaves it to the server"},
};

}  // namespace

Rules JwtRules() { return kJwtRules; }

}  // namespace conformance
