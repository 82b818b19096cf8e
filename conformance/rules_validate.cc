#include <algorithm>
#include <array>

#include "conformance/forged_token.h"
#include "conformance/probe.h"

namespace conformance {
namespace {

using nlohmann::json;

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

constexpr auto kValidate = "Workload API 6.2.3";

constexpr std::array kValidateRules = {
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

Rules ValidateRules() { return kValidateRules; }

}  // namespace conformance
