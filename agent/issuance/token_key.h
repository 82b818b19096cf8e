#pragma once

#include <string>

#include "agent/identity/key_uri.h"
#include "agent/issuance/outside_key.h"
#include "agent/issuance/secret_file.h"

namespace surety {

struct TokenKeyOptions {
  KeyUri uri;
  std::string pin_file;  ///< Where the PIN is; empty: there is none.
  FileSecrecy pin_secrecy = FileSecrecy::kSecret;
};

/// Opens keys by a process of their own (key_holder.h), which this starts again whenever the
/// key is lost, at first after a quarter of a second and in the end every eight seconds. What the
/// key signs is verified under the public key that was asked for, so that no other key ever signs
/// for it. A PIN that was refused is not tried again before its file changes or TryAgain(): a token
/// locks itself after a few. The opener waits for the first answer, for five seconds at most.
OutsideKeyOpener OpenerOfTokenKeys(TokenKeyOptions options);

}  // namespace surety
