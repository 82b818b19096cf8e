#pragma once

#include <string>
#include <string_view>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// The inotify(7) events that concern one folder of entry files, whether or not
/// it exists: watched are the folder and, to see it come and go, the nearest
/// existing folder above it. Not thread-safe.
class FolderEvents {
 public:
  static Result<FolderEvents> Watch(std::string folder);

  /// Becomes readable (poll) when there are events. Borrowed.
  [[nodiscard]] int fd() const { return fd_.get(); }

  /// Takes at most one buffer of events; true if any may concern the folder. An
  /// overflow of the queue concerns everything. Never blocks.
  bool Take();

  /// Watches whatever is there now under the folder's name. Call it after Take
  /// said true, and before reading the folder, so that no change is missed.
  void Renew();

 private:
  FolderEvents(std::string folder, UniqueFd fd) : folder_(std::move(folder)), fd_(std::move(fd)) {}
  [[nodiscard]] bool Concerns(int watch, std::uint32_t mask, std::string_view name) const;

  std::string folder_;
  UniqueFd fd_;
  int folder_watch_ = -1;
  int parent_watch_ = -1;
  std::string awaited_;  // The name below the watched parent that leads to the folder.
};

}  // namespace surety
