#include "agent/config_paths.h"

#include <filesystem>

namespace surety {
namespace {

std::filesystem::path Normal(const std::string& path) {
  return std::filesystem::path(path).lexically_normal();
}

}  // namespace

bool SamePath(const std::string& one, const std::string& other) {
  return Normal(one) == Normal(other);
}

bool SameFolder(const std::string& one, const std::string& other) {
  return SamePath(one + "/", other + "/");
}

bool IsBelow(const std::string& path, const std::string& folder) {
  const std::string above = Normal(folder + "/").string();
  return Normal(path).string().starts_with(above);
}

}  // namespace surety
