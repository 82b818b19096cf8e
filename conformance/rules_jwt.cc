#include <algorithm>
#include <array>

#include "conformance/probe.h"

namespace conformance {
namespace {

using nlohmann::json;

// Whether there are tokens to compare with; the reason to pass over the rule if not.
std::optional<Verdict> NoTokens(Probe& probe) {
  if (probe.Tokens() != nullptr) return std::nullopt;
  return probe.Without(probe.TokenAnswer(), "JP4");
}

Verdict NoAudience(Probe& probe) {
  const auto answer = probe.Ask("FetchJWTSVID");
  if (probe.options().no_identity || answer.end.code == Code::kUnimplemented)
    return probe.Without(answer, "E1");
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

constexpr auto kFetchJwt = "Workload API 6.2.1";

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
};

}  // namespace

Rules JwtRules() { return kJwtRules; }

}  // namespace conformance
