#include "agent/credential.h"

#include <algorithm>
#include <cstdlib>

namespace surety {
namespace {

constexpr std::size_t kLongestName = 255;

bool IsOfName(char letter) {
  return letter > ' ' && letter <= '~' && letter != '/' && letter != ':';
}

}  // namespace

bool IsCredential(std::string_view file) { return file.starts_with(kCredentialPrefix); }

bool IsCredentialName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && name != "." && name != ".." &&
         std::ranges::all_of(name, IsOfName);
}

Result<std::string> PathOfFile(const std::string& file) {
  if (!IsCredential(file)) return file;
  const std::string name = file.substr(kCredentialPrefix.size());
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder != nullptr && *folder == '/') return std::string(folder) + "/" + name;
  return Error(ErrorCode::kNotFound,
               file + ": systemd has given the daemon no credentials: write LoadCredential=" +
                   name + ":/its/file into the unit (systemctl edit suretyd.service)");
}

}  // namespace surety
