#include "agent/record/checkpoint_file.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "agent/record/audit_names.h"
#include "agent/record/line_reader.h"

namespace surety {
namespace {

constexpr std::size_t kLongestKeyFile = 1024;
constexpr const char* kTemporary = "checkpoints.tmp";
constexpr std::size_t kBatch = std::size_t{64} << 10;

}  // namespace

Result<std::vector<CheckpointPublicKey>> LoadPublicKeys(int dir, const std::string& folder_path) {
  const auto names = ListNames(dir, folder_path, IsPublicKeyName);
  if (!names) return names.error();
  std::vector<CheckpointPublicKey> keys;
  for (const std::string& name : *names) {
    const auto pem = ReadSmallFile(dir, folder_path, name, kLongestKeyFile);
    if (!pem) continue;
    auto key = CheckpointPublicKey::ParsePem(*pem);
    if (key && PublicKeyName(key->id()) == name) keys.push_back(*std::move(key));
  }
  return keys;
}

bool IsSignedByAny(const std::vector<CheckpointPublicKey>& keys, std::string_view text) {
  const auto read = ParseCheckpoint(text);
  return read && std::ranges::any_of(keys, [&](const CheckpointPublicKey& key) {
           return key.id() == read->key && IsSignedBy(key, text);
         });
}

Result<CheckpointFile> CheckpointFile::Open(const AuditFolder& folder) {
  auto file = folder.OpenToAppend(kCheckpointsFile);
  if (!file && file.error().code() == ErrorCode::kNotFound) {
    auto made = folder.disk().Create(folder.dir(), kCheckpointsFile);
    if (!made) return made.error().Within(folder.path());
    file = folder.OpenToAppend(kCheckpointsFile);
  }
  if (!file) return file.error();
  CheckpointFile opened(*std::move(file));
  if (auto found = opened.FindEnd(folder); !found) return found.error();
  return opened;
}

Result<void> CheckpointFile::FindEnd(const AuditFolder& folder) {
  LineReader lines(file_.get(), folder.PathOf(kCheckpointsFile), UINT64_MAX, kLongestCheckpoint);
  while (true) {
    const auto line = lines.Next();
    if (!line) return line.error();
    if (!*line) break;
    last_at_start_ = (*line)->text;
  }
  size_ = lines.offset();
  if (lines.unfinished() == 0) return {};
  return folder.disk().Truncate(file_.get(), size_, folder.PathOf(kCheckpointsFile));
}

Result<void> CheckpointFile::Append(const AuditFolder& folder, std::string_view checkpoint) {
  const std::string name = folder.PathOf(kCheckpointsFile);
  const std::string line = std::string(checkpoint) + "\n";
  // First, so that what an earlier failure could not cut off is gone.
  if (auto cut = folder.disk().Truncate(file_.get(), size_, name); !cut) return cut;
  auto written = AppendAll(folder.disk(), file_.get(), line, name);
  if (written) written = folder.disk().Sync(file_.get(), name);
  if (!written) {
    static_cast<void>(folder.disk().Truncate(file_.get(), size_, name));
    return written;
  }
  size_ += line.size();
  return {};
}

Result<void> CheckpointFile::DropBefore(const AuditFolder& folder, std::uint64_t seq) {
  std::uint64_t size = 0;
  auto replaced = [&]() -> Result<UniqueFd> {
    const auto made = folder.disk().Create(folder.dir(), kTemporary);
    if (!made) return made.error();
    if (auto copied = CopyFrom(folder, seq, made->get(), size); !copied) return copied.error();
    if (auto synced = folder.disk().Sync(made->get(), kTemporary); !synced) return synced.error();
    auto file = folder.OpenToAppend(kTemporary);
    if (!file) return file.error();
    auto renamed = folder.disk().Rename(folder.dir(), kTemporary, kCheckpointsFile);
    if (!renamed) return renamed.error();
    return file;
  }();
  if (!replaced) {
    ::unlinkat(folder.dir(), kTemporary, 0);
    return replaced.error().Within(folder.path());
  }
  file_ = *std::move(replaced);
  size_ = size;
  return folder.disk().Sync(folder.dir(), folder.path());
}

Result<void> CheckpointFile::CopyFrom(const AuditFolder& folder, std::uint64_t seq, int to,
                                      std::uint64_t& size) const {
  LineReader lines(file_.get(), folder.PathOf(kCheckpointsFile), size_, kLongestCheckpoint);
  std::string batch;
  const auto flush = [&]() -> Result<void> {
    size += batch.size();
    auto written = AppendAll(folder.disk(), to, batch, kTemporary);
    batch.clear();
    return written;
  };
  while (true) {
    const auto line = lines.Next();
    if (!line) return line.error();
    if (!*line) return flush();
    const auto read = ParseCheckpoint((*line)->text);
    if (read && read->point.seq < seq) continue;
    batch.append((*line)->text).append("\n");
    if (batch.size() < kBatch) continue;
    if (auto written = flush(); !written) return written;
  }
}

}  // namespace surety
