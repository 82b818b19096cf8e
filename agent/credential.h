#pragma once

#include <string>
#include <string_view>

#include "surety/result.h"

namespace surety {

/// What a file of a configuration's begins with if it is one that systemd gives to the
/// service (LoadCredential=, LoadCredentialEncrypted=, SetCredential=): "credential:ca.key".
inline constexpr std::string_view kCredentialPrefix = "credential:";

/// Whether `file` is a credential's name rather than a path.
bool IsCredential(std::string_view file);

/// Whether systemd takes what follows the prefix for a name (systemd.exec(5)).
bool IsCredentialName(std::string_view name);

/// The path of `file`: itself, or of a credential the path below $CREDENTIALS_DIRECTORY.
/// kNotFound, with what to write into the unit, where systemd has given none.
Result<std::string> PathOfFile(const std::string& file);

}  // namespace surety
