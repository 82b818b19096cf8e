#include "agent/issuance/pem_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "agent/issuance/pem_reader.h"
#include "surety/secret_bytes.h"
#include "surety/unique_fd.h"

namespace surety {
namespace {

constexpr std::size_t kLargestCertificateFile = 1'048'576;
constexpr std::size_t kLargestKeyFile = 16'384;
constexpr mode_t kNotWritableByOthers = S_IWGRP | S_IWOTH;
constexpr mode_t kNotForOthers = S_IRWXG | S_IRWXO;
constexpr mode_t kOnlyThroughList = S_IWGRP | S_IXGRP | S_IRWXO;
constexpr gid_t kRootsGroup = 0;

Error Refused(const std::string& path, const std::string& why) {
  return {ErrorCode::kInvalidArgument, path + ": " + why};
}

Result<void> CheckFile(const struct stat& found, const std::string& path, mode_t forbidden,
                       std::size_t max_bytes) {
  if (!S_ISREG(found.st_mode)) return Refused(path, "not a regular file");
  if (found.st_uid != 0 && found.st_uid != ::geteuid()) {
    return Error(ErrorCode::kPermissionDenied,
                 path + ": belongs to uid " + std::to_string(found.st_uid) +
                     "; it must be root's or the daemon's own (chown)");
  }
  // Nobody is in that group: what may be read is read through the list.
  if (forbidden == kOnlyThroughList && found.st_gid != kRootsGroup) forbidden = kNotForOthers;
  if ((found.st_mode & forbidden) != 0) {
    return Error(ErrorCode::kPermissionDenied,
                 path + ((forbidden & S_IROTH) != 0
                             ? ": holds a private key and is open to other users (chmod 0600)"
                             : ": can be written by other users (chmod 0644)"));
  }
  if (static_cast<std::size_t>(found.st_size) > max_bytes) {
    return Refused(path, "larger than " + std::to_string(max_bytes) + " bytes");
  }
  return {};
}

Result<SecretBytes> ReadWhole(const std::string& path, mode_t forbidden, std::size_t max_bytes) {
  const auto cause = [] { return std::generic_category().message(errno); };
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat found {};
  if (!file || ::fstat(file.get(), &found) != 0) return Refused(path, "cannot be read: " + cause());
  if (auto fine = CheckFile(found, path, forbidden, max_bytes); !fine) return fine.error();
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(found.st_size));
  const ssize_t got = ::read(file.get(), bytes.data(), bytes.size());
  SecretBytes content(std::move(bytes));
  if (got != static_cast<ssize_t>(found.st_size)) return Refused(path, "cannot be read whole");
  return content;
}

}  // namespace

Result<std::vector<CertificatePtr>> ReadCertificateFile(const std::string& path) {
  const auto text = ReadWhole(path, kNotWritableByOthers, kLargestCertificateFile);
  if (!text) return text.error();
  auto certificates = ParseCertificates(text->Reveal());
  if (!certificates) return certificates.error().Within(path);
  return certificates;
}

Result<PKeyPtr> ReadKeyFile(const std::string& path, bool credential) {
  const auto text = ReadWhole(path, credential ? kOnlyThroughList : kNotForOthers, kLargestKeyFile);
  if (!text) return text.error();
  auto key = ParsePrivateKey(text->Reveal());
  if (!key) return key.error().Within(path);
  return key;
}

}  // namespace surety
