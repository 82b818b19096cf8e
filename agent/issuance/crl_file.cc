#include "agent/issuance/crl_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "agent/issuance/certificate_view.h"
#include "agent/issuance/der_writer.h"
#include "surety/unique_fd.h"

namespace surety {
namespace {

Result<void> CheckFolder(const struct stat& found, const std::string& folder) {
  if (found.st_uid != 0 && found.st_uid != ::geteuid()) {
    return Error(ErrorCode::kPermissionDenied,
                 folder + " belongs to uid " + std::to_string(found.st_uid) +
                     ", who could replace the file: give it to root (chown root) or choose "
                     "another folder");
  }
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error(ErrorCode::kPermissionDenied,
                 folder +
                     " can be written by others than its owner, who could replace the file: chmod "
                     "go-w it or choose another folder");
  }
  return {};
}

Result<UniqueFd> OpenFolder(const std::string& folder) {
  UniqueFd dir(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat found {};
  if (!dir || ::fstat(dir.get(), &found) != 0) {
    return Error(ErrorCode::kUnavailable, "the folder " + folder + " cannot be opened: " +
                                              std::generic_category().message(errno));
  }
  if (auto fine = CheckFolder(found, folder); !fine) return fine.error();
  return dir;
}

Result<void> WriteTemporary(int dir, const std::string& name, std::string_view text,
                            DiskWrites& disk) {
  ::unlinkat(dir, name.c_str(), 0);  // What a daemon that was killed has left.
  auto file = disk.Create(dir, name);
  if (!file) return file.error();
  if (auto written = disk.Write(file->get(), AsBytes(text), name); !written) return written;
  if (auto let = disk.LetAllRead(file->get(), name); !let) return let;
  return disk.Sync(file->get(), name);
}

Result<void> Replace(int dir, const std::string& name, std::string_view text, DiskWrites& disk) {
  const std::string temporary = "." + name + ".tmp";
  auto done = WriteTemporary(dir, temporary, text, disk);
  if (done) done = disk.Rename(dir, temporary, name);
  if (!done) {
    ::unlinkat(dir, temporary.c_str(), 0);
    return done;
  }
  return disk.Sync(dir, "the folder");
}

}  // namespace

std::string CrlsPem(std::span<const SignedCrl> crls) {
  std::string text;
  for (const SignedCrl& crl : crls) text += CrlPem(crl.der);
  return text;
}

Result<void> WriteCrlFile(const std::string& path, std::string_view text, DiskWrites& disk) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == 0 ? "/" : path.substr(0, slash);
  const auto dir = OpenFolder(folder);
  if (!dir) return dir.error().Within("writing the CRL file " + path);
  if (auto done = Replace(dir->get(), path.substr(slash + 1), text, disk); !done) {
    return done.error().Within("writing the CRL file " + path);
  }
  return {};
}

}  // namespace surety
