#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/issuance/crl_publisher.h"
#include "agent/issuance/disk_writes.h"
#include "tests/fakes/fake_revocations.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {

/// An embedded authority and what publishes its CRLs, in a folder of their own.
struct Publishing {
  explicit Publishing(DiskWrites& disk_writes = RealDisk());
  static DiskWrites& RealDisk();

  /// As after kill -9: what is in memory is gone.
  void Restart(Moment now);
  /// The authority's Advance() and then Work(), as the daemon does it.
  CrlProgress Turn(Moment now);
  X509Svid Issue(Moment now, Seconds ttl = Seconds(900)) const;
  /// The CRL of that authority in the bundles; fails the test if there is none.
  [[nodiscard]] std::string CrlOf(const std::string& issuer_key_id) const;
  [[nodiscard]] std::string CrlOf(const X509Svid& svid) const { return CrlOf(svid.issuer_key_id); }
  /// As a peer with the bundle and the CRLs of now (crl_support.h).
  [[nodiscard]] std::string WhyRefused(const X509Svid& svid, Moment at) const;

  TempFolder temp;
  EmbeddedOptions authority_options;
  CrlOptions options;
  DiskWrites& disk;
  FakeRevocations revocations;
  std::unique_ptr<Authority> authority;
  std::unique_ptr<CrlPublisher> publisher;
};

}  // namespace surety
