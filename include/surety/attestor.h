#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "surety/clock.h"
#include "surety/peer.h"
#include "surety/result.h"
#include "surety/selector.h"

namespace surety {

/// A fact that could not be looked at, which is neither yes nor no.
struct MissingFact {
  std::string kind;  ///< Selector kind: "unix:sha256"; the attestor's name if it is all of them.
  Error why;
  /// Of an attestor that is optional() and does not answer: it holds up only what rests
  /// on selectors of its type.
  bool optional = false;
};

/// Which file a process runs, as the kernel numbers it (statx(2)).
struct ExecutableFile {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const ExecutableFile&) const = default;
};

/// All that was found of one peer at one time, and what could not be looked at.
struct Attestation {
  SelectorSet selectors;
  std::vector<MissingFact> missing;
  std::optional<ExecutableFile> executable{};  ///< For the record; absent if not known.
  [[nodiscard]] bool complete() const { return missing.empty(); }
  [[nodiscard]] bool complete_but_for_optional() const {
    return std::all_of(missing.begin(), missing.end(),
                       [](const MissingFact& fact) { return fact.optional; });
  }
};

/// Turns a peer into selectors. Thread-safe: Attest runs on several peers at
/// once. Every implementation passes tests/contract/attestor_contract.h.
class Attestor {
 public:
  virtual ~Attestor() = default;

  /// The selector type it makes: "unix". Lower case, constant, unique.
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// The kinds that it makes, as Selector::Kind() spells them: "unix:uid". Entries
  /// with any other selector of its type are refused, since they could never
  /// match. Its bare name, the default, stands for all kinds. Constant.
  [[nodiscard]] virtual std::vector<std::string> selector_kinds() const {
    return {std::string(name())};
  }

  /// Whether entries without a selector of its type can do without it. Its selectors are
  /// matched, but not pinned: a fact that was missing at first could not be compared with
  /// later. Constant.
  [[nodiscard]] virtual bool optional() const { return false; }

  /// No selector and nothing missing means "looked, and this process is none of
  /// mine". A missing fact means "could not look": the walk grants nothing new
  /// on it and asks again soon, so an answer that takes long (the hash of a
  /// large file, a slow engine) is given as missing while it is worked out in
  /// the background, and must be ready at one of the next calls.
  ///
  /// An Error is for the peer as a whole: kPeerGone, and nothing else.
  ///
  /// Never blocks on anything that a workload controls, and returns by
  /// `deadline`. Only makes selectors whose type is name().
  virtual Result<Attestation> Attest(const Peer& peer, BootTime deadline) const = 0;

  /// Drops what is cached for this peer (the hash of its executable, what an
  /// engine said), so that the next Attest of it looks at everything afresh. What is
  /// cached for peers of other users stays: they must not be kept waiting by it.
  virtual void Forget(const Peer& peer) const { static_cast<void>(peer); }
};

/// Asks every attestor, then checks that the peer still lives. kPeerGone if not.
Result<Attestation> AttestAll(const std::vector<std::unique_ptr<Attestor>>& attestors,
                              const Peer& peer, BootTime deadline);

/// The kinds of all of them.
std::vector<std::string> SelectorKindsOf(const std::vector<std::unique_ptr<Attestor>>& attestors);

}  // namespace surety
