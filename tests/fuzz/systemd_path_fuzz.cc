#include <cstdint>
#include <cstdlib>
#include <string>

#include "attestors/systemd_path.h"

namespace {

void AbortUnless(bool holds) {
  if (!holds) std::abort();
}

bool IsPlain(const std::string& name) {
  for (const char byte : name)
    if (static_cast<unsigned char>(byte) <= ' ' || byte == '/' || byte == 0x7f) return false;
  return !name.empty() && name.size() <= 255;
}

}  // namespace

// What is found is a whole part of the path, fit to be printed, and nothing that
// stands behind it decides.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path(reinterpret_cast<const char*>(data), size);
  const auto unit = surety::FindUnitCgroup(path);
  if (unit) {
    AbortUnless(IsPlain(unit->name));
    AbortUnless(path.starts_with(unit->path) && unit->path.ends_with(unit->name));
    AbortUnless(path.size() == unit->path.size() || path[unit->path.size()] == '/');
    AbortUnless(surety::FindUnitCgroup(unit->path) == unit);
    AbortUnless(surety::FindUnitCgroup(std::string(unit->path) + "/x.service") == unit);
  }
  if (const auto user = surety::FindUserUnit(path)) {
    AbortUnless(IsPlain(user->name));
    AbortUnless(unit && unit->name == "user@" + std::to_string(user->uid) + ".service");
  }
  return 0;
}
