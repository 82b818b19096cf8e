#pragma once

#include <array>
#include <string_view>

#include "attestors/proc_text.h"

namespace surety {

/// Sorts of cgroup tree, in the order in which they are believed: an engine uses
/// the tree of version 2 where it is in use, systemd's on a host with both, and an
/// old engine may use those of controllers alone.
enum class CgroupTreeKind { kUnified, kNamed, kControllers };
inline constexpr std::array kCgroupTreeKinds = {CgroupTreeKind::kUnified, CgroupTreeKind::kNamed,
                                                CgroupTreeKind::kControllers};

inline CgroupTreeKind KindOf(const CgroupLine& line) {
  if (line.controllers.empty()) return CgroupTreeKind::kUnified;
  const bool named = line.controllers.find("name=") != std::string_view::npos;
  return named ? CgroupTreeKind::kNamed : CgroupTreeKind::kControllers;
}

}  // namespace surety
