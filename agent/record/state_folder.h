#pragma once

#include <string>
#include <utility>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// The folder in which a daemon keeps what it remembers: its own, mode 0700, and
/// in the hands of one daemon at a time for as long as this object lives
/// (flock(2) on "state.lock"). No symbolic link is followed in it.
class StateFolder {
 public:
  /// Makes the folder where it is missing; its parent must exist.
  /// kPermissionDenied: another owner, a mode that lets others in, a symbolic
  /// link, no access. kAlreadyExists: another daemon has it.
  static Result<StateFolder> Open(const std::string& path);

  /// Makes the file `name` with mode 0600 if there is none, and checks what is
  /// there: a regular file of ours that nobody else may open. True if it is new.
  Result<bool> Claim(const std::string& name) const;
  /// The check alone; also satisfied where there is no such file.
  Result<void> Check(const std::string& name) const;

  /// Gives a file another name, on the disk by the time this returns.
  Result<void> Rename(const std::string& from, const std::string& to) const;

  [[nodiscard]] std::string PathOf(const std::string& name) const { return path_ + "/" + name; }

 private:
  StateFolder(std::string path, UniqueFd folder)
      : path_(std::move(path)), folder_(std::move(folder)) {}
  Result<void> Lock();

  std::string path_;
  UniqueFd folder_;
  UniqueFd lock_;
};

}  // namespace surety
