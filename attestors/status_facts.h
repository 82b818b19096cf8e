#pragma once

#include <optional>

#include "attestors/findings.h"
#include "attestors/namespaces.h"
#include "attestors/proc_text.h"

namespace surety {

/// The selectors that need nothing but /proc/PID/status: uid, gid,
/// supplementary_gid, traced, no_new_privs and capabilities. `on_host`: the
/// process is in the host's user namespace; nullopt: not known, and capabilities
/// are missing then. Pure.
void AddStatus(const ProcessStatus& status, std::optional<bool> on_host, Findings& findings);

/// The kinds that are missing when the status could not be read.
void AddMissingStatus(const Error& why, Findings& findings);

/// The selectors of its namespaces: ns, pidns, userns, container. Pure.
void AddNamespaces(const NamespaceLook& look, const Namespaces& host, Findings& findings);

}  // namespace surety
