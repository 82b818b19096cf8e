// How an AuditFile comes to be.

#include <algorithm>
#include <utility>

#include "agent/issuance/der_writer.h"
#include "agent/issuance/signer.h"
#include "agent/record/audit_file.h"
#include "agent/record/audit_names.h"

namespace surety {
namespace {

constexpr std::size_t kLargestKeyFile = 1024;
constexpr std::size_t kLogDigits = 16;
constexpr std::size_t kRunDigits = 8;
constexpr const char* kBootIdFile = "/proc/sys/kernel/random/boot_id";

Result<CheckpointKey> MakeKey(AuditFolder& folder) {
  auto made = CheckpointKey::Make();
  if (!made) return made.error();
  auto stored = folder.Replace(kCheckpointKeyFile, AsText(made->pkcs8.Reveal()));
  if (!stored) return stored.error();
  return std::move(made->key);
}

Result<CheckpointKey> ReadKey(AuditFolder& folder, bool& is_new) {
  const auto pkcs8 = folder.ReadSecret(kCheckpointKeyFile, kLargestKeyFile);
  is_new = !pkcs8 && pkcs8.error().code() == ErrorCode::kNotFound;
  if (is_new) return MakeKey(folder);
  if (!pkcs8) return pkcs8.error();
  auto key = CheckpointKey::Parse(pkcs8->Reveal());
  if (key) return key;
  return Error(ErrorCode::kDataLoss,
               folder.PathOf(kCheckpointKeyFile) + " is damaged (" + key.error().Text() +
                   "): put the file back, or remove it to have a new key made");
}

Result<void> ExportPublicKey(AuditFolder& folder, const CheckpointPublicKey& key) {
  const std::string name = PublicKeyName(key.id());
  const auto present = ReadSmallFile(folder.dir(), folder.path(), name, kLargestKeyFile);
  if (present && *present == key.Pem()) return {};
  return folder.Replace(name, key.Pem());
}

std::string BootId(const std::string& given) {
  if (!given.empty()) return given;
  const auto read = ReadSmallFile(-1, "", kBootIdFile, 64);
  return read ? read->substr(0, read->find('\n')) : std::string();
}

Result<std::string> RandomDigits(std::size_t count) {
  const auto random = RandomSerial();
  if (!random) return random.error();
  return Hex(*random).substr(2, count);  // The first byte is not wholly random.
}

LogFinding Wrong(std::string sentence) {
  return {.what = "audit.broken", .sentence = sentence, .details = {{"why", sentence}}};
}

// Those of the texts that one of the log's keys has signed.
std::vector<Checkpoint> Trusted(const std::vector<std::string>& texts,
                                const std::vector<CheckpointPublicKey>& keys,
                                std::vector<LogFinding>& findings) {
  std::vector<Checkpoint> trusted;
  for (const std::string& text : texts) {
    if (IsSignedByAny(keys, text)) {
      trusted.push_back(*ParseCheckpoint(text));
    } else {
      findings.push_back(
          Wrong("a checkpoint is not signed by a key of this log: " + text.substr(0, 200)));
    }
  }
  return trusted;
}

// Finds the end of the log and holds it against the checkpoints.
Result<LogEnd> Examine(AuditFolder& folder, std::vector<std::string> known,
                       const std::string& last) {
  const auto keys = LoadPublicKeys(folder.dir(), folder.path());
  if (!keys) return keys.error();
  if (!last.empty() && std::ranges::find(known, last) == known.end()) known.push_back(last);
  std::vector<LogFinding> findings;
  const auto trusted = Trusted(known, *keys, findings);
  auto end = FindLogEnd(folder, trusted);
  if (!end) return end.error();
  end->findings.insert(end->findings.begin(), findings.begin(), findings.end());
  return end;
}

Result<AuditAppender::Names> MakeNames(const LogEnd& end, const std::string& boot_id) {
  const auto log = end.log.empty() ? RandomDigits(kLogDigits) : Result<std::string>(end.log);
  if (!log) return log.error();
  const auto run = RandomDigits(kRunDigits);
  if (!run) return run.error();
  return AuditAppender::Names{.log = *log, .run = *run, .boot_id = BootId(boot_id)};
}

Result<AuditAppender::Place> PlaceAt(const AuditFolder& folder, const LogEnd& end) {
  AuditAppender::Place place{.file = {}, .segment = end.segment, .size = end.size, .end = end.end};
  if (end.segment.empty()) return place;
  auto file = folder.OpenToAppend(end.segment);
  if (!file) return file.error();
  place.file = *std::move(file);
  return place;
}

ChainPoint PointOf(const std::string& checkpoint, const std::string& log) {
  const auto read = ParseCheckpoint(checkpoint);
  return read && read->log == log ? read->point : ChainPoint();
}

}  // namespace

struct AuditFile::Parts {
  AuditFileOptions options;
  AuditFolder folder;
  CheckpointKey key;
  CheckpointFile checkpoints;
  AuditHasher hasher;
  AuditAppender::Names names;
  AuditAppender::Place place;
  LogEnd end;
};

AuditFile::AuditFile(Parts parts)
    : options_(std::move(parts.options)),
      folder_(std::move(parts.folder)),
      key_(std::move(parts.key)),
      appender_(folder_, std::move(parts.hasher), std::move(parts.names), std::move(parts.place)),
      checkpoints_(std::move(parts.checkpoints)),
      checkpoint_(PointOf(checkpoints_.last_at_start(), parts.end.log)) {}

Result<AuditFile::Parts> AuditFile::OpenParts(AuditFileOptions options, AuditDisk& disk) {
  auto folder = AuditFolder::Open(options.folder, disk);
  if (!folder) return folder.error();
  bool new_key = false;
  auto key = ReadKey(*folder, new_key);
  if (!key) return key.error();
  if (auto done = ExportPublicKey(*folder, key->public_key()); !done) return done.error();
  auto checkpoints = CheckpointFile::Open(*folder);
  if (!checkpoints) return checkpoints.error();
  auto end = Examine(*folder, options.known_checkpoints, checkpoints->last_at_start());
  if (!end) return end.error();
  if (new_key && !end->segment.empty())
    end->findings.push_back(Wrong("the key of the checkpoints was gone; a new one was made"));
  auto names = MakeNames(*end, options.boot_id);
  if (!names) return names.error();
  auto place = PlaceAt(*folder, *end);
  if (!place) return place.error();
  auto hasher = AuditHasher::Create();
  if (!hasher) return hasher.error();
  return Parts{.options = std::move(options),
               .folder = *std::move(folder),
               .key = *std::move(key),
               .checkpoints = *std::move(checkpoints),
               .hasher = *std::move(hasher),
               .names = *std::move(names),
               .place = *std::move(place),
               .end = *std::move(end)};
}

Result<std::unique_ptr<AuditFile>> AuditFile::Open(AuditFileOptions options, Moment now,
                                                   AuditDisk& disk) {
  auto parts = OpenParts(std::move(options), disk);
  if (!parts) return parts.error();
  const LogEnd end = parts->end;
  std::unique_ptr<AuditFile> log(new AuditFile(*std::move(parts)));
  if (auto begun = log->Begin(end, now); !begun) return begun.error();
  return log;
}

Result<void> AuditFile::Begin(const LogEnd& end, Moment now) {
  const std::lock_guard lock(tend_mutex_);
  checkpoint_at_ = now.boot;
  // After a break in a segment of its own, so that what is broken stays as it is.
  if (end.segment.empty() || end.broken()) {
    if (auto started = appender_.StartSegment(end.used_up_to + 1, now); !started) return started;
  }
  for (const LogFinding& one : end.findings) {
    auto noted =
        Note({.at = now, .what = one.what, .severity = one.severity, .details = one.details});
    if (!noted) return noted;
    if (one.severity != NoticeSeverity::kHigh) continue;
    const std::lock_guard status(status_mutex_);
    troubles_.try_emplace("start", "the audit log was damaged when the daemon started: " +
                                       one.sentence + "; run \"surety audit verify\"");
  }
  return Sync(now);
}

}  // namespace surety
