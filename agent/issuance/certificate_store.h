#pragma once

#include <string>
#include <vector>

#include "agent/issuance/openssl_handles.h"
#include "surety/result.h"

namespace surety {

/// A store that trusts these certificates (DER) and no others. kInvalidArgument names one
/// that cannot be read.
Result<StorePtr> StoreOf(const std::vector<std::string>& roots);

/// Certificates (DER) in their order. The errors are those of StoreOf().
Result<CertificateStackPtr> StackOf(const std::vector<std::string>& chain);

}  // namespace surety
