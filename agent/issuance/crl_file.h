#pragma once

#include <span>
#include <string>
#include <string_view>

#include "agent/issuance/disk_writes.h"
#include "agent/issuance/signed_crl.h"
#include "surety/result.h"

namespace surety {

/// CRLs as PEM (RFC 7468 section 6), one after another, as servers want them in a
/// file of theirs.
std::string CrlsPem(std::span<const SignedCrl> crls);

/// Puts `text` at `path`, an absolute one, readable by all (0644): whole or not at
/// all, so that nobody ever reads half of it, and on the disk when it returns. The
/// folder must be there already, not a symbolic link itself, belong to root or to
/// the daemon's uid and be writable by its owner alone, for who can write there
/// can put an older CRL in place. A symbolic link at `path` is replaced, not
/// followed. kPermissionDenied or kUnavailable, with path and what to do.
Result<void> WriteCrlFile(const std::string& path, std::string_view text, DiskWrites& disk);

}  // namespace surety
