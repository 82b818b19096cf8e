#pragma once

#include <string>

namespace surety {

/// The name of a capability (capabilities(7)) without its prefix, lower case:
/// "net_admin" for CAP_NET_ADMIN, 12. The number in decimal where this build
/// knows no name. Pure.
std::string CapabilityName(unsigned number);

}  // namespace surety
