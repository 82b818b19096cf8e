#pragma once

#include <string>

#include "attestors/systemd_units.h"

namespace surety {

/// Asks systemd over the system bus that listens at `socket`, on a connection of its
/// own for each question (sd-bus(3), org.freedesktop.systemd1(5)). Whoever serves
/// there must be root. Takes in 1 MiB at most, whatever it is sent. No privilege is
/// needed. Errors: kUnavailable, kDeadline, kPermissionDenied, kResourceExhausted.
///
/// Asks by cgroup and not by pid: which cgroup a process is in says the kernel, and
/// by pid systemd also names a unit that the process has left.
UnitQuestion AskSystemBus(std::string socket);

}  // namespace surety
