#include "agent/policy/velocity.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace surety {
namespace {

std::int64_t SecondOf(BootTime time) {
  return std::chrono::floor<Seconds>(time.time_since_epoch()).count();
}

/// The next number of a text of numbers that are parted by single spaces.
template <typename Number>
bool Next(std::string_view& text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || (at != end && *at != ' ')) return false;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()) + (at == end ? 0 : 1));
  return true;
}

Error Damaged() { return {ErrorCode::kDataLoss, "stored counts are damaged"}; }

}  // namespace

// FNV-1a: the same in every run, which std::hash need not be. SPIFFE IDs are the
// operator's, so nobody is there to look for collisions.
std::uint64_t IdentityHash(std::string_view spiffe_id) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : spiffe_id) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x100000001b3;
  }
  return hash;
}

VelocityCounts::Bucket& VelocityCounts::BucketOf(std::int64_t second) {
  Bucket& bucket = buckets_[static_cast<std::size_t>(second) % kBuckets];
  if (bucket.second < second) bucket = {.second = second, .counts = {}};
  return bucket;
}

void VelocityCounts::Add(Happening what, BootTime now) {
  last_ = std::max(last_, SecondOf(now));
  std::uint16_t& count = BucketOf(last_).counts[static_cast<std::size_t>(what)];
  if (count != std::numeric_limits<std::uint16_t>::max()) ++count;
}

bool VelocityCounts::AddIdentity(std::string_view spiffe_id, BootTime now) {
  last_ = std::max(last_, SecondOf(now));
  const std::uint64_t hash = IdentityHash(spiffe_id);
  const bool is_new =
      std::none_of(identities_.begin(), identities_.end(), [&](const Identity& one) {
        return one.hash == hash && last_ - one.second < kIdentityWindow.count();
      });
  AddHash(hash, last_);
  return is_new;
}

void VelocityCounts::AddHash(std::uint64_t hash, std::int64_t second) {
  const auto same = std::find_if(identities_.begin(), identities_.end(),
                                 [&](const Identity& one) { return one.hash == hash; });
  if (same != identities_.end()) {
    same->second = std::max(same->second, second);
    return;
  }
  if (identities_.size() < kMostIdentities) {
    identities_.push_back({hash, second});
    return;
  }
  const auto oldest = std::ranges::min_element(identities_, {}, &Identity::second);
  if (oldest->second <= second) *oldest = {hash, second};
}

Velocity VelocityCounts::At(BootTime now) const {
  const std::int64_t second = std::max(last_, SecondOf(now));
  std::array<std::uint32_t, kSorts> sums{};
  for (const Bucket& bucket : buckets_) {
    if (bucket.second < 0 || second - bucket.second >= kWindow.count()) continue;
    for (std::size_t sort = 0; sort < kSorts; ++sort) sums[sort] += bucket.counts[sort];
  }
  std::vector<std::uint64_t> recent;
  for (const Identity& one : identities_)
    if (second - one.second < kIdentityWindow.count()) recent.push_back(one.hash);
  const auto count = static_cast<std::uint32_t>(recent.size());
  return {.svids = sums[static_cast<std::size_t>(Happening::kSvid)],
          .streams = sums[static_cast<std::size_t>(Happening::kStream)],
          .refusals = sums[static_cast<std::size_t>(Happening::kRefusal)],
          .spiffe_ids = count,
          .identities = std::move(recent)};
}

bool VelocityCounts::Idle(BootTime now) const {
  return SecondOf(now) - last_ >= kIdentityWindow.count();
}

void VelocityCounts::Join(const VelocityCounts& other) {
  last_ = std::max(last_, other.last_);
  for (const Bucket& theirs : other.buckets_) {
    if (theirs.second < 0) continue;
    Bucket& ours = BucketOf(theirs.second);
    if (ours.second != theirs.second) continue;  // Ours is a minute later.
    for (std::size_t sort = 0; sort < kSorts; ++sort)
      ours.counts[sort] = std::max(ours.counts[sort], theirs.counts[sort]);
  }
  for (const Identity& one : other.identities_) AddHash(one.hash, one.second);
}

std::string VelocityCounts::Text() const {
  std::string buckets;
  std::size_t used = 0;
  for (const Bucket& bucket : buckets_) {
    if (bucket.second < 0 || last_ - bucket.second >= kWindow.count()) continue;
    ++used;
    buckets += " " + std::to_string(bucket.second);
    for (const std::uint16_t count : bucket.counts) buckets += " " + std::to_string(count);
  }
  std::string text = std::to_string(last_) + " " + std::to_string(used) + buckets;
  for (const Identity& one : identities_)
    if (last_ - one.second < kIdentityWindow.count())
      text += " " + std::to_string(one.hash) + " " + std::to_string(one.second);
  return text;
}

Result<VelocityCounts> VelocityCounts::Parse(std::string_view text) {
  VelocityCounts counts;
  std::size_t used = 0;
  if (!Next(text, counts.last_) || counts.last_ < 0 || !Next(text, used) || used > kBuckets)
    return Damaged();
  const auto sound = [&](std::int64_t second) { return second >= 0 && second <= counts.last_; };
  for (; used > 0; --used) {
    Bucket bucket;
    if (!Next(text, bucket.second) || !sound(bucket.second)) return Damaged();
    for (std::uint16_t& count : bucket.counts)
      if (!Next(text, count)) return Damaged();
    counts.BucketOf(bucket.second) = bucket;
  }
  while (!text.empty()) {
    Identity one;
    if (!Next(text, one.hash) || !Next(text, one.second) || !sound(one.second)) return Damaged();
    counts.AddHash(one.hash, one.second);
  }
  return counts;
}

}  // namespace surety
