#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/issuance/signer.h"
#include "surety/bundle.h"
#include "surety/clock.h"
#include "surety/daemon_status.h"
#include "surety/issuer.h"
#include "surety/result.h"

namespace surety {

/// What one call of Advance() or Reload() has come to.
struct AuthorityProgress {
  BootTime call_again_at;           ///< Call Advance() by then.
  bool bundles_changed = false;     ///< Wake every stream.
  bool signer_changed = false;      ///< From here on another authority signs.
  std::vector<std::string> events;  ///< What was done: sentences for the log.
  /// What could not be done. Everything stays as it was before, and the next
  /// Advance() tries again.
  std::optional<Error> failure;
};

/// Signs the SVIDs of one trust domain and says which authorities vouch for
/// them: the embedded one or one from an operator's files.
///
/// Thread-safe. Issue() and Bundles() never wait for Advance() or Reload() to
/// write to the disk. A certificate that Issue() returns is signed by an
/// authority that is in every Bundles() asked for *afterwards*, until the
/// certificate has expired; so a caller that hands out both issues first.
class Authority : public Issuer, public BundleSource {
 public:
  /// Does what is due: prepares, publishes, activates, retires. Called by a
  /// timer at `call_again_at`, and whenever the wall clock has been set.
  virtual AuthorityProgress Advance(Moment now) = 0;

  /// Reads again what an operator may have changed (SIGHUP); on failure what
  /// was in use stays in use.
  virtual AuthorityProgress Reload(Moment now) = 0;

  /// Whose CRLs a verifier may need, the oldest first: every authority in the
  /// bundle whose key we hold, whatever its phase, and those below a root in the
  /// bundle. Of each only one, and also those that may not sign CRLs.
  [[nodiscard]] virtual std::vector<std::shared_ptr<const Signer>> CrlSigners() const = 0;

  /// Everything known, the oldest first.
  [[nodiscard]] virtual std::vector<AuthorityStatus> Status() const = 0;

  /// What an operator should know and may have to mend, in plain sentences.
  [[nodiscard]] virtual std::vector<std::string> Degraded(WallTime now) const = 0;
};

}  // namespace surety
