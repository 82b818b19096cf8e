#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "agent/sinks/sink_files.h"
#include "agent/sinks/sink_settings.h"
#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// The folder of a sink. Each set of files has a folder of its own in it, which never
/// changes once it is there:
///
///   set-0123456789abcdef/   svid.pem  key.pem …
///   current                 a symbolic link to the newest, which is changed by rename(2)
///
/// The set before the newest stays, for who has begun to read it. What root put there
/// besides is left alone. Not thread-safe.
class SinkFolder {
 public:
  static constexpr const char* kLink = "current";

  /// Errors: trusted_folder.h.
  static Result<SinkFolder> Open(const SinkFolderSettings& settings);

  /// Makes a set of these files, brings it to the disk and has the link name it. On
  /// failure the link names what it did before. Errors name the call, the file, and what
  /// the packaged service needs for it.
  Result<void> Put(std::span<const SinkFile> files);

  /// Removes all sets but the newest and the one before it, of this object's last Put.
  Result<void> Tidy();

  /// Removes the link and all sets. Whether there were any.
  Result<bool> Clear();

 private:
  SinkFolder(SinkFolderSettings settings, UniqueFd folder)
      : settings_(std::move(settings)), folder_(std::move(folder)) {}

  Result<void> WriteSet(const std::string& set, std::span<const SinkFile> files);
  Result<void> WriteFile(int set, const SinkFile& file);
  Result<void> Give(int file, const std::string& name);
  Result<void> SwapLink(const std::string& set);
  [[nodiscard]] std::string Linked() const;
  Result<bool> RemoveSets(const std::string& but, const std::string& and_but);

  const SinkFolderSettings settings_;
  UniqueFd folder_;
  std::string before_;  // What the link named before the last Put.
};

}  // namespace surety
