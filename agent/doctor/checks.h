#pragma once

#include "agent/doctor/finding.h"
#include "agent/doctor/installation.h"

namespace surety {

// Each looks at one part of an installation, changes nothing, and says what it found.
// How long they take is bounded by who calls them (examine.h).

Diagnosis LookAtConfiguration(const Installation& all);
Diagnosis LookAtKernel(const Installation& all);
Diagnosis LookAtClock(const Installation& all);
Diagnosis LookAtDaemon(const Installation& all);
Diagnosis LookAtPrivileges(const Installation& all);
Diagnosis LookAtService(const Installation& all);

// These need a configuration.
Diagnosis LookAtEntries(const Installation& all);
Diagnosis LookAtPolicies(const Installation& all);
Diagnosis LookAtSockets(const Installation& all);
Diagnosis LookAtState(const Installation& all);
Diagnosis LookAtAuditLog(const Installation& all);
Diagnosis LookAtAuthority(const Installation& all);
Diagnosis LookAtEngines(const Installation& all);
Diagnosis LookAtPrograms(const Installation& all);  ///< The hook and attestor plug-ins.
Diagnosis LookAtSinks(const Installation& all);
Diagnosis LookAtMetrics(const Installation& all);

}  // namespace surety
