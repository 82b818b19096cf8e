#include "agent/record/checkpoint.h"

#include <charconv>

#include "agent/record/rfc3339.h"

namespace surety {
namespace {

constexpr std::string_view kLog = "{\"type\":\"checkpoint\",\"log\":\"";
constexpr std::string_view kSeq = "\",\"seq\":";
constexpr std::string_view kHash = ",\"hash\":\"";
constexpr std::string_view kTime = "\",\"time\":\"";
constexpr std::string_view kKey = "\",\"key\":\"";
constexpr std::string_view kBeforeSignature = "\"";
constexpr std::string_view kSignature = ",\"signature\":\"";
constexpr std::string_view kEnd = "\"}";
constexpr std::size_t kLogDigits = 16;

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const auto first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

bool Take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

// What stands before the next quote.
std::string_view TakeQuoted(std::string_view& text) {
  const std::string_view value = text.substr(0, text.find('"'));
  text.remove_prefix(value.size());
  return value;
}

bool TakeSeq(std::string_view& text, std::uint64_t& seq) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seq);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

Result<std::string> PrintCheckpoint(std::string_view log, const ChainPoint& point, WallTime time,
                                    const CheckpointKey& key) {
  std::string text(kLog);
  text.append(log).append(kSeq);
  AppendNumber(text, point.seq);
  text.append(kHash).append(point.hash.view()).append(kTime);
  text.append(Rfc3339Exact(time)).append(kKey).append(key.public_key().id());
  text.append(kBeforeSignature);
  const auto signature = key.Sign(text + "}");
  if (!signature) return signature.error();
  return text.append(kSignature).append(*signature).append(kEnd);
}

std::optional<Checkpoint> ParseCheckpoint(std::string_view text) {
  text = Trimmed(text);
  if (text.size() > kLongestCheckpoint) return std::nullopt;
  Checkpoint read;
  if (!Take(text, kLog)) return std::nullopt;
  read.log = TakeQuoted(text);
  if (!Take(text, kSeq) || !TakeSeq(text, read.point.seq) || !Take(text, kHash))
    return std::nullopt;
  const std::string_view hash = TakeQuoted(text);
  if (!IsHex(hash, HashText::kLength) || !Take(text, kTime)) return std::nullopt;
  read.point.hash = HashText(hash);
  const auto time = ParseRfc3339(TakeQuoted(text));
  if (!time || !Take(text, kKey)) return std::nullopt;
  read.time = *time;
  read.key = TakeQuoted(text);
  if (!Take(text, kBeforeSignature) || !Take(text, kSignature)) return std::nullopt;
  read.signature = TakeQuoted(text);
  if (text != kEnd || !IsHex(read.log, kLogDigits) || !IsHex(read.key, HashText::kLength))
    return std::nullopt;
  return read;
}

bool IsSignedBy(const CheckpointPublicKey& key, std::string_view text) {
  const auto read = ParseCheckpoint(text);
  if (!read) return false;
  text = Trimmed(text);
  const auto signed_part = text.substr(0, text.rfind(kSignature));
  return key.Verifies(std::string(signed_part).append("}"), read->signature);
}

}  // namespace surety
