#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/calls.h"
#include "conformance/certificate.h"
#include "conformance/options.h"
#include "conformance/rule.h"
#include "conformance/token.h"
#include "workload.pb.h"

namespace conformance {

/// One X.509-SVID, its DER read. What cannot be read is empty or null, which the rules of
/// the X.509 profile tell; others pass over it.
struct Svid {
  std::string id;
  std::vector<Certificate> chain;
  Key key;
  std::vector<Certificate> bundle;
};

/// One JWT-SVID; what cannot be read has no content.
struct HeldToken {
  std::string id;
  std::string text;
  std::optional<Token> content;
};

/// One WIT-SVID, likewise.
struct HeldWit {
  std::string id;
  std::string key;  ///< A JWK, unread.
  std::optional<Token> content;
};

/// The server under test, and what it has told so far. The streams are opened at
/// first need and stay open, so that later messages are seen.
class Probe {
 public:
  explicit Probe(Options options);

  [[nodiscard]] const Options& options() const { return options_; }
  Endpoint& endpoint() { return endpoint_; }

  /// Calls RPC `name` of the Workload API.
  Answer Ask(std::string_view name, const std::string& request = {},
             const Headers& headers = SecurityHeader());
  std::unique_ptr<Call> Open(std::string_view name);

  /// The first answer on the stream that is held open.
  const Answer& First(const std::string& name);
  /// What came on that stream since, until now plus --wait, and its end if it has ended.
  struct Later {
    std::vector<std::string> messages;
    std::optional<End> end;
  };
  const Later& LaterOf(const std::string& name);

  /// Null if no such message came, or one that cannot be read.
  const X509SVIDResponse* X509();
  const X509BundlesResponse* X509Bundles();
  const JWTBundlesResponse* JwtBundles();
  const WITSVIDResponse* Wits();
  const WITBundlesResponse* WitBundles();

  /// Empty without a message.
  const std::vector<Svid>& Svids();

  /// The answer to a request for tokens of all identities, for the first audience.
  const Answer& TokenAnswer();
  const JWTSVIDResponse* Tokens();
  const std::vector<HeldToken>& HeldTokens();

  const std::vector<HeldWit>& HeldWits();

  /// "spiffe://td" of the first identity; empty without one.
  std::string OwnDomain();

  /// Why there is nothing to look at on this stream or call: "no answer (XP1)".
  [[nodiscard]] Verdict Without(const Answer& answer, std::string_view rule) const;

 private:
  struct Held {
    std::unique_ptr<Call> call;
    Answer first;
    std::optional<Later> later;
  };
  Held& HoldOpen(const std::string& name);

  const Options options_;
  Endpoint endpoint_;
  std::map<std::string, Held> held_;
  std::optional<X509SVIDResponse> x509_;
  std::optional<X509BundlesResponse> x509_bundles_;
  std::optional<JWTBundlesResponse> jwt_bundles_;
  std::optional<std::vector<Svid>> svids_;
  std::optional<Answer> token_answer_;
  std::optional<JWTSVIDResponse> tokens_;
  std::optional<std::vector<HeldToken>> held_tokens_;
  std::optional<WITSVIDResponse> wits_;
  std::optional<WITBundlesResponse> wit_bundles_;
  std::optional<std::vector<HeldWit>> held_wits_;
};

/// Broken if the call `what` has not ended with `code`.
Verdict EndsWith(const Answer& answer, Code code, const std::string& what);

inline const std::string kX509Svids = "FetchX509SVID";
inline const std::string kX509Bundles = "FetchX509Bundles";
inline const std::string kJwtBundles = "FetchJWTBundles";
inline const std::string kWitSvids = "FetchWITSVID";
inline const std::string kWitBundles = "FetchWITBundles";

/// "spiffe://td" of a SPIFFE ID.
std::string DomainOf(std::string_view id);

/// A request for tokens.
std::string TokenRequest(const std::vector<std::string>& audiences, const std::string& id = {});

/// A request for WIT-SVIDs.
std::string WitRequest(const std::string& id);

}  // namespace conformance
