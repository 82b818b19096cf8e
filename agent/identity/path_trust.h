#pragma once

#include <optional>
#include <string>

namespace surety {

/// Who besides root can put another file in the place of this one: the first part of
/// the path, from the root on, that does not belong to root or that others can write
/// to, such as "/opt/app belongs to uid 1001". A sticky folder counts as well: once
/// the file is gone anyone can make it anew. nullopt if there is none, or no such
/// file. Looks at the file system, which may be a slow one: for a tool, not for the
/// daemon.
std::optional<std::string> WhoCanReplace(const std::string& path);

}  // namespace surety
