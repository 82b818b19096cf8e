#include "workload_api/frame_guard.h"

#include <algorithm>

namespace surety {
namespace {

// RFC 9113, sections 6.2 and 6.10.
constexpr std::uint8_t kHeaders = 0x1;
constexpr std::uint8_t kContinuation = 0x9;
constexpr std::uint8_t kEndHeaders = 0x4;

}  // namespace

bool FrameGuard::Take(std::span<const std::uint8_t> bytes) {
  const auto skip = [&bytes](std::size_t& left) {
    const std::size_t now = std::min(left, bytes.size());
    left -= now;
    bytes = bytes.subspan(now);
  };
  skip(preface_left_);
  while (!broken_ && !bytes.empty()) {
    if (payload_left_ > 0) {
      skip(payload_left_);
      continue;
    }
    const std::size_t now = std::min(kHeader - header_filled_, bytes.size());
    std::ranges::copy(bytes.first(now),
                      header_.begin() + static_cast<std::ptrdiff_t>(header_filled_));
    header_filled_ += now;
    bytes = bytes.subspan(now);
    if (header_filled_ == kHeader) broken_ = !BeginFrame();
  }
  return !broken_;
}

bool FrameGuard::BeginFrame() {
  header_filled_ = 0;
  payload_left_ = std::size_t{header_[0]} << 16U | std::size_t{header_[1]} << 8U | header_[2];
  const std::uint8_t type = header_[3];
  // A CONTINUATION behind nothing counts, too: gRPC ends the connection for it or does not.
  if (type != kHeaders && type != kContinuation) return true;
  if (type == kHeaders) block_ = 0;
  block_ += kHeader + payload_left_;
  const bool fits = block_ <= kMaxHeaderBlock;
  if ((header_[4] & kEndHeaders) != 0) block_ = 0;
  return fits;
}

}  // namespace surety
