#include "agent/record/audit_line.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace surety {
namespace {

constexpr std::string_view kSeq = "{\"seq\":";
constexpr std::string_view kPrev = ",\"prev\":\"";
constexpr std::string_view kType = "\",\"type\":\"";
constexpr std::string_view kDecision = "\",\"decision\":\"";
constexpr std::string_view kBody = "\",";
constexpr std::string_view kHash = ",\"hash\":\"";
constexpr std::string_view kEnd = "\"}";
constexpr std::size_t kTail = kHash.size() + HashText::kLength + kEnd.size();

bool Take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

std::optional<std::uint64_t> TakeNumber(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || text.front() == '0') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<std::string_view> TakeHash(std::string_view& text) {
  const std::string_view hash = text.substr(0, HashText::kLength);
  if (!IsHex(hash, HashText::kLength)) return std::nullopt;
  text.remove_prefix(HashText::kLength);
  return hash;
}

bool IsLetter(char c) { return c >= 'a' && c <= 'z'; }

// Without the end, which is not hashed.
void AppendHead(std::string& out, const LineHead& head) {
  out += kSeq;
  AppendNumber(out, head.seq);
  out += kPrev;
  out += head.prev.view();
  out += kType;
  out += head.type;
  if (!head.decision.empty()) {
    out += kDecision;
    out += head.decision;
  }
  out += kBody;
}

}  // namespace

bool IsHex(std::string_view text, std::size_t length) {
  return text.size() == length && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

void AppendNumber(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits{};
  out.append(digits.begin(), std::to_chars(digits.begin(), digits.end(), number).ptr);
}

Result<ChainPoint> AppendLine(std::string& out, const LineHead& head, std::string_view body,
                              AuditHasher& hasher) {
  const std::size_t begin = out.size();
  AppendHead(out, head);
  if (out.size() - begin + body.size() + kTail + 1 > kLongestLine) {
    out.resize(begin);
    return Error(ErrorCode::kResourceExhausted, "a record would be longer than 1 MiB");
  }
  out += body;
  auto hash = hasher.OfLine(std::string_view(out).substr(begin));
  if (!hash) {
    out.resize(begin);
    return hash.error();
  }
  out += kHash;
  out += hash->view();
  out += kEnd;
  out += '\n';
  return ChainPoint{head.seq, *hash};
}

std::optional<LineFrame> ReadFrame(std::string_view line) {
  if (line.size() < kTail) return std::nullopt;
  LineFrame frame;
  frame.before_hash = line.substr(0, line.size() - kTail);
  std::string_view tail = line.substr(frame.before_hash.size());
  const auto hash = Take(tail, kHash) ? TakeHash(tail) : std::nullopt;
  if (!hash || tail != kEnd) return std::nullopt;
  frame.hash = *hash;

  std::string_view head = frame.before_hash;
  const auto seq = Take(head, kSeq) && !head.empty() ? TakeNumber(head) : std::nullopt;
  const auto prev = seq && Take(head, kPrev) ? TakeHash(head) : std::nullopt;
  if (!prev || !Take(head, kType)) return std::nullopt;
  frame.seq = *seq;
  frame.prev = *prev;
  const auto length =
      static_cast<std::size_t>(std::ranges::find_if_not(head, IsLetter) - head.begin());
  frame.type = head.substr(0, length);
  head.remove_prefix(length);
  if (frame.type.empty() || !Take(head, kBody)) return std::nullopt;
  return frame;
}

}  // namespace surety
