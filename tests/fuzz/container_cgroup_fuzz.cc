#include <cstdint>
#include <cstdlib>
#include <string>

#include "attestors/cgroup_owner.h"
#include "attestors/container_cgroup.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

bool EndsPart(std::string_view whole, std::string_view part) {
  return whole.starts_with(part) && (whole.size() == part.size() || whole[part.size()] == '/');
}

void CheckContainer(std::string_view path) {
  const auto found = surety::FindContainerCgroup(path);
  if (!found) return;
  Require(EndsPart(path, found->path));
  Require(found->id.size() == 64);
  Require(found->id.find_first_not_of("0123456789abcdef") == std::string_view::npos);
  Require(found->path.find(found->id) != std::string_view::npos);
  // Below it, it is the same one; and its own path says all.
  Require(surety::FindContainerCgroup(found->path) == found);
  const std::string deeper = std::string(found->path) + "/below";
  const auto below = surety::FindContainerCgroup(deeper);
  Require(below && below->id == found->id);
  // Cut anywhere above, this id is gone or was there twice.
  const auto above = surety::FindContainerCgroup(path.substr(0, found->path.rfind('/')));
  Require(!above || above->path.size() < found->path.size());
}

}  // namespace

// Whatever a cgroup is called: ids are ids, and parts end where names end.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path(reinterpret_cast<const char*>(data), size);
  CheckContainer(path);
  if (const auto plain = surety::PlainContainerdCgroup(path))
    Require("/" + std::string(plain->space) + "/" + std::string(plain->id) == path);
  if (const auto uid = surety::FindPodUid(path))
    Require(!uid->empty() && uid->find_first_not_of("0123456789abcdef-_") == std::string::npos);
  const std::string_view unit = surety::FindUnit(path);
  Require(unit.empty() ||
          (EndsPart(path, unit) && (unit.ends_with(".service") || unit.ends_with(".scope"))));
  return 0;
}
