#pragma once

#include <string>
#include <vector>

#include "agent/issuance/openssl_handles.h"
#include "surety/result.h"

namespace surety {

/// The certificates of an operator's file, at least one. kPermissionDenied if it belongs to
/// another user than root and ours, or others can write it; kInvalidArgument if it cannot be
/// read, is larger than 1 MiB or holds anything else.
Result<std::vector<CertificatePtr>> ReadCertificateFile(const std::string& path);

/// The private key in an operator's file, unencrypted: PKCS#8, SEC 1 or PKCS#1. The errors are
/// those above, and kPermissionDenied if others can read it; of a `credential` of systemd's the
/// mask of its access control list stands in the place of the group's permissions.
Result<PKeyPtr> ReadKeyFile(const std::string& path, bool credential);

}  // namespace surety
