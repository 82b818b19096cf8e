#pragma once

namespace surety {

/// The process of a KeyHolder (key_holder.h): opens the key that it is told over standard
/// input, a socket, and signs with it until that is closed. Returns the status to exit with.
int HoldKey();

}  // namespace surety
