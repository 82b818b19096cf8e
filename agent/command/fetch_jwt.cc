#include "agent/command/fetch_jwt.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/command/advice.h"
#include "agent/command/input_file.h"
#include "agent/command/json_text.h"
#include "agent/command/record_text.h"
#include "agent/command/time_text.h"
#include "agent/issuance/jwt_parser.h"
#include "attestors/printable.h"

namespace surety {
namespace {

/// A token that is what was asked for.
struct CheckedToken {
  std::string spiffe_id;
  std::string hint;
  std::string text;
  std::vector<std::string> audiences;
  WallTime expires_at;
};

Result<CheckedToken> CheckToken(const DeliveredToken& given, const FetchJwtFlags& flags) {
  CheckedToken out{.spiffe_id = given.spiffe_id,
                   .hint = given.hint,
                   .text = {given.token.Reveal().begin(), given.token.Reveal().end()},
                   .audiences = {},
                   .expires_at = {}};
  const auto parsed = ParseJwt(out.text);
  if (!parsed) return parsed.error().Within("the daemon's answer");
  const auto wrong = [](const std::string& what) {
    return Error(ErrorCode::kDataLoss, "the daemon's answer: " + what);
  };
  if (parsed->subject.Text() != given.spiffe_id)
    return wrong("a token is not that of its SPIFFE ID");
  for (const std::string& audience : flags.audiences)
    if (std::ranges::find(parsed->audiences, audience) == parsed->audiences.end())
      return wrong("a token is not for the audience that was asked for");
  out.audiences = parsed->audiences;
  out.expires_at = parsed->expires_at;
  return out;
}

void TokenLine(std::ostream& out, std::string_view label, const std::string& value) {
  constexpr std::size_t kLabelWidth = 12;
  out << label << std::string(kLabelWidth - label.size(), ' ') << value << "\n";
}

void PrintTokens(const std::vector<CheckedToken>& tokens, WallTime now, std::ostream& out) {
  bool first = true;
  for (const CheckedToken& one : tokens) {
    if (!std::exchange(first, false)) out << "\n";
    TokenLine(out, "SPIFFE ID", Printable(one.spiffe_id));
    if (!one.hint.empty()) TokenLine(out, "Hint", Printable(one.hint));
    TokenLine(out, "Audience", Printable(Joined(one.audiences)));
    TokenLine(out, "Expires",
              Rfc3339(one.expires_at) + " (" + RelativeText(one.expires_at, now) + ")");
    TokenLine(out, "Token", one.text);
  }
}

void PrintTokensJson(const std::vector<CheckedToken>& tokens, WallTime now, std::ostream& out) {
  Json document{{"svids", Json::array()}};
  for (const CheckedToken& one : tokens)
    document["svids"].push_back(
        {{"spiffe_id", one.spiffe_id},
         {"hint", one.hint},
         {"audiences", one.audiences},
         {"expires_at", Rfc3339(one.expires_at)},
         {"seconds_left", std::chrono::floor<Seconds>(one.expires_at - now).count()},
         {"token", one.text}});
  out << JsonDocument(document);
}

// What an editor or echo leaves behind a token is none of it.
std::string WithoutBlanks(std::string text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  text.erase(text.find_last_not_of(kBlanks) + 1);
  text.erase(0, text.find_first_not_of(kBlanks));
  return text;
}

}  // namespace

Result<void> FetchJwt(const FetchJwtFlags& flags, WorkloadClient& client, const Endpoint& endpoint,
                      const Clock& clock, std::ostream& out) {
  const auto answer = client.FetchJwt(
      {.audiences = flags.audiences, .spiffe_id = flags.spiffe_id.value_or("")}, flags.timeout);
  if (!answer) return AdvisedWorkloadError(answer.error(), endpoint);
  std::vector<CheckedToken> tokens;
  for (const DeliveredToken& given : *answer) {
    auto checked = CheckToken(given, flags);
    if (!checked) return checked.error();
    tokens.push_back(*std::move(checked));
  }
  const auto print = flags.output == OutputFormat::kJson ? PrintTokensJson : PrintTokens;
  print(tokens, clock.Now().wall, out);
  return {};
}

Result<void> ValidateJwt(const ValidateJwtFlags& flags, WorkloadClient& client,
                         const Endpoint& endpoint, std::istream& in, std::ostream& out) {
  auto text = ReadInput(flags.file, in);
  if (!text) return text.error();
  const auto answer =
      client.ValidateJwt(flags.audience, WithoutBlanks(*std::move(text)), flags.timeout);
  if (!answer) return AdvisedWorkloadError(answer.error(), endpoint);
  const Json claims = Json::parse(answer->claims, nullptr, /*allow_exceptions=*/false);
  if (claims.is_discarded())
    return Error(ErrorCode::kDataLoss, "the daemon's answer has no claims");
  if (flags.output == OutputFormat::kJson) {
    out << JsonDocument(Json{{"spiffe_id", answer->spiffe_id}, {"claims", claims}});
    return {};
  }
  TokenLine(out, "SPIFFE ID", Printable(answer->spiffe_id));
  TokenLine(out, "Claims", Printable(JsonLine(claims)));
  return {};
}

}  // namespace surety
