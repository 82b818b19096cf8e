#include "conformance/probe.h"

#include <thread>

namespace conformance {
namespace {

// A stream that is open for less has not been seen to stay open.
constexpr Milliseconds kLeastWait{300};

template <class Message>
const Message* Read(const Answer& answer, std::optional<Message>& into) {
  if (!into && answer.message) {
    into.emplace();
    if (!into->ParseFromString(*answer.message)) into.reset();
  }
  return into ? &*into : nullptr;
}

Svid SvidOf(const X509SVID& message) {
  return {.id = message.spiffe_id(),
          .chain = ReadCertificates(message.x509_svid()).value_or(std::vector<Certificate>{}),
          .key = ReadPkcs8(message.x509_svid_key()),
          .bundle = ReadCertificates(message.bundle()).value_or(std::vector<Certificate>{})};
}

}  // namespace

Probe::Probe(Options options)
    : options_(std::move(options)), endpoint_(options_.target, options_.patience) {}

Answer Probe::Ask(std::string_view name, const std::string& request, const Headers& headers) {
  return endpoint_.Ask("/SpiffeWorkloadAPI/" + std::string(name), request, headers);
}

std::unique_ptr<Call> Probe::Open(std::string_view name) {
  return endpoint_.Open("/SpiffeWorkloadAPI/" + std::string(name), {}, SecurityHeader());
}

Probe::Held& Probe::HoldOpen(const std::string& name) {
  const auto [entry, is_new] = held_.try_emplace(name);
  Held& held = entry->second;
  if (is_new) {
    held.call = Open(name);
    held.first = FirstOf(*held.call, options_.patience);
  }
  return held;
}

const Answer& Probe::First(const std::string& name) { return HoldOpen(name).first; }

const Probe::Later& Probe::LaterOf(const std::string& name) {
  Held& held = HoldOpen(name);
  if (held.later) return *held.later;
  // All three at one time, and each from now on.
  for (const std::string& stream : {kX509Svids, kX509Bundles, kJwtBundles}) HoldOpen(stream);
  std::this_thread::sleep_for(std::max(options_.wait, kLeastWait));
  for (auto& [stream, one] : held_) {
    Later later;
    while (auto message = one.call->Next(Milliseconds(50)))
      later.messages.push_back(*std::move(message));
    later.end = one.call->end();
    one.later = std::move(later);
  }
  return *held.later;
}

const X509SVIDResponse* Probe::X509() { return Read(First(kX509Svids), x509_); }
const X509BundlesResponse* Probe::X509Bundles() { return Read(First(kX509Bundles), x509_bundles_); }
const JWTBundlesResponse* Probe::JwtBundles() { return Read(First(kJwtBundles), jwt_bundles_); }
const WITSVIDResponse* Probe::Wits() { return Read(First(kWitSvids), wits_); }
const WITBundlesResponse* Probe::WitBundles() { return Read(First(kWitBundles), wit_bundles_); }

const std::vector<Svid>& Probe::Svids() {
  if (!svids_) {
    svids_.emplace();
    if (const auto* response = X509())
      for (const X509SVID& one : response->svids()) svids_->push_back(SvidOf(one));
  }
  return *svids_;
}

const Answer& Probe::TokenAnswer() {
  if (!token_answer_)
    token_answer_ = Ask("FetchJWTSVID", TokenRequest({options_.audiences.front()}));
  return *token_answer_;
}

const JWTSVIDResponse* Probe::Tokens() { return Read(TokenAnswer(), tokens_); }

const std::vector<HeldToken>& Probe::HeldTokens() {
  if (!held_tokens_) {
    held_tokens_.emplace();
    if (const auto* response = Tokens())
      for (const JWTSVID& one : response->svids())
        held_tokens_->push_back(
            {.id = one.spiffe_id(), .text = one.svid(), .content = ReadToken(one.svid())});
  }
  return *held_tokens_;
}

const std::vector<HeldWit>& Probe::HeldWits() {
  if (!held_wits_) {
    held_wits_.emplace();
    if (const auto* response = Wits())
      for (const WITSVID& one : response->svids())
        held_wits_->push_back({.id = one.spiffe_id(),
                               .key = one.wit_svid_key(),
                               .content = ReadToken(one.wit_svid())});
  }
  return *held_wits_;
}

std::string Probe::OwnDomain() {
  const auto& svids = Svids();
  if (!svids.empty()) return DomainOf(svids.front().id);
  const auto& tokens = HeldTokens();
  return tokens.empty() ? std::string() : DomainOf(tokens.front().id);
}

Verdict Probe::Without(const Answer& answer, std::string_view rule) const {
  if (options_.no_identity) return Skipped("the caller is meant to have no identity");
  if (answer.end.code == Code::kUnimplemented) return Skipped("the profile is off: UNIMPLEMENTED");
  return Skipped("there is nothing to look at; see " + std::string(rule));
}

Verdict EndsWith(const Answer& answer, Code code, const std::string& what) {
  if (!answer.message && answer.end.code == code) return Judged("");
  return Judged(what + ": " + TextOf(answer) + ", not " + NameOf(code));
}

std::string DomainOf(std::string_view id) {
  constexpr std::size_t kScheme = 9;  // spiffe://
  return std::string(id.substr(0, id.find_first_of("/?#", kScheme)));
}

std::string TokenRequest(const std::vector<std::string>& audiences, const std::string& id) {
  JWTSVIDRequest request;
  for (const std::string& audience : audiences) request.add_audience(audience);
  request.set_spiffe_id(id);
  return request.SerializeAsString();
}

std::string WitRequest(const std::string& id) {
  WITSVIDRequest request;
  request.set_spiffe_id(id);
  return request.SerializeAsString();
}

}  // namespace conformance
