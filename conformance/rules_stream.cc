#include <algorithm>
#include <array>
#include <ctime>

#include "conformance/probe.h"

namespace conformance {
namespace {

constexpr int kReopened = 3;

const std::array<const std::string*, 3>& Streams() {
  static const std::array streams = {&kX509Svids, &kX509Bundles, &kJwtBundles};
  return streams;
}

Verdict FirstAtOnce(Probe& probe) {
  bool any = false;
  for (const auto* stream : Streams()) {
    const auto& first = probe.First(*stream);
    if (!first.message && first.end.code == Code::kDeadlineExceeded)
      return Judged(*stream + ": " + first.end.message);
    any = any || first.message;
  }
  return any ? Judged("") : probe.Without(probe.First(kX509Svids), "E1");
}

// The names of what a message holds, in its order: SPIFFE IDs and trust domains.
std::vector<std::string> Content(const X509SVIDResponse& message) {
  std::vector<std::string> names;
  for (const auto& svid : message.svids()) {
    const bool whole =
        !svid.x509_svid().empty() && !svid.x509_svid_key().empty() && !svid.bundle().empty();
    names.push_back(svid.spiffe_id() + (whole ? "" : " (incomplete)"));
  }
  std::vector<std::string> domains;
  for (const auto& [domain, bundle] : message.federated_bundles()) domains.push_back(domain);
  std::ranges::sort(domains);
  names.insert(names.end(), domains.begin(), domains.end());
  return names;
}

std::optional<std::vector<std::string>> ContentOf(const std::optional<std::string>& bytes) {
  X509SVIDResponse message;
  if (!bytes || !message.ParseFromString(*bytes)) return std::nullopt;
  return Content(message);
}

Verdict FullSet(Probe& probe) {
  if (probe.X509() == nullptr) return probe.Without(probe.First(kX509Svids), "XP1");
  const auto& later = probe.LaterOf(kX509Svids);
  if (later.messages.empty()) return Skipped("no later message came: give --wait more time");
  // Whoever comes now is told everything.
  const auto now = ContentOf(probe.Ask(kX509Svids).message);
  const auto told = ContentOf(later.messages.back());
  return Judged(now == told ? "" : "a later message lacks what a new stream is given");
}

Verdict StaysOpen(Probe& probe) {
  bool any = false;
  for (const auto* stream : Streams()) {
    if (!probe.First(*stream).message) continue;
    any = true;
    if (const auto& end = probe.LaterOf(*stream).end)
      return Judged(*stream + " ends after its first message with " + TextOf(*end));
  }
  return any ? Judged("") : probe.Without(probe.First(kX509Svids), "E1");
}

Verdict Renewed(Probe& probe) {
  const auto& svids = probe.Svids();
  if (svids.empty() || svids.front().chain.empty())
    return probe.Without(probe.First(kX509Svids), "XP1");
  const auto& later = probe.LaterOf(kX509Svids);
  if (!later.messages.empty()) return Judged("");
  const auto* end = X509_get0_notAfter(svids.front().chain.front().get());
  if (X509_cmp_current_time(end) > 0)
    return Skipped("nothing changed: give --wait half of an SVID's life");
  return Judged("the SVID " + svids.front().id + " has expired and no new one has come");
}

Verdict ComeAgain(Probe& probe) {
  const auto& first = probe.First(kX509Svids);
  if (!first.message) return probe.Without(first, "XP1");
  for (int i = 0; i < kReopened; ++i) {
    const auto answer = probe.Ask(kX509Svids);  // Goes as soon as it is served.
    if (!answer.message)
      return Judged("a stream after one that was left ends with " + TextOf(answer.end));
  }
  return Judged("");
}

Verdict EmptyMandatoryField(Probe& probe) {
  if (!probe.TokenAnswer().message) return probe.Without(probe.TokenAnswer(), "JP4");
  return EndsWith(probe.Ask("FetchJWTSVID", TokenRequest({""})), Code::kInvalidArgument,
                  "FetchJWTSVID for the audience \"\"");
}

constexpr auto kResponses = "Workload API 4.3";

constexpr std::array kStreamRules = {
    Rule{"S1", kResponses, Strength::kMust, "The first message of a stream comes at once",
         FirstAtOnce},
    Rule{"S2", kResponses, Strength::kMust, "Every message holds the full set", FullSet},
    Rule{"S3", kResponses, Strength::kShould, "A new SVID comes before the old one expires",
         Renewed},
    Rule{"S3b", "Workload API 4.2", Strength::kShould,
         "A stream stays open after its first message", StaysOpen},
    Rule{"S4", kResponses, Strength::kUsual, "Updates are not pushed too fast", nullptr,
         "the specification leaves the pace to the server"},
    Rule{"S5", "Workload API 4.4", Strength::kMust,
         "What is withdrawn is absent from later messages", nullptr,
         "something would have to be withdrawn"},
    Rule{"S6", "Workload API 5.2.1", Strength::kShould,
         "Who loses all identities is told PERMISSION_DENIED", nullptr,
         "the identities would have to be taken away"},
    Rule{"S7", "Workload API A", Strength::kUsual,
         "The caller is looked at again before each message", nullptr,
         "what the server looks at is not to be seen"},
    Rule{"S8", "Workload API 4.2", Strength::kMust, "Who leaves a stream may come again at once",
         ComeAgain},
    Rule{"S9", "Workload API 4.5", Strength::kShould,
         "A mandatory field that is empty gets INVALID_ARGUMENT", EmptyMandatoryField},
    Rule{"S10", "Workload API 4.2", Strength::kUsual,
         "A client that has gone leaves nothing behind", nullptr,
         "what the server keeps is not to be seen"},
};

}  // namespace

Rules StreamRules() { return kStreamRules; }

}  // namespace conformance
