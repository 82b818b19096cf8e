#pragma once

#include <string>
#include <vector>

#include "agent/sinks/sink_settings.h"
#include "surety/result.h"
#include "surety/secret_bytes.h"
#include "surety/session.h"

namespace surety {

struct SinkFile {
  std::string name;
  SecretBytes bytes;
  bool holds_key = false;
};

/// The files of one set, made of the default identity:
///
///   kPem       svid.pem  key.pem  bundle.pem  crl.pem
///   kCombined  combined.pem (certificates and key)  bundle.pem  crl.pem
///   kPkcs12    svid.p12 (certificates and key)  bundle.pem  crl.pem
///
/// kUnavailable if the CRLs were left out of the bundles: whoever got them without
/// would let in who is revoked. kInternal if OpenSSL fails.
Result<std::vector<SinkFile>> MakeSinkFiles(const SvidUpdate& update, SinkLayout layout,
                                            const std::string& password);

/// Whether the files of both would be the same, whatever else is told to workloads: bundles
/// of other trust domains are in no file.
bool MakeTheSameFiles(const SvidUpdate& one, const SvidUpdate& other);

}  // namespace surety
