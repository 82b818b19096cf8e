#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace surety {

/// Follows the frames that an HTTP/2 client sends (RFC 9113, section 4.1) and finds a
/// header block that does not end: HEADERS and the CONTINUATION frames behind it, which
/// gRPC 1.51 keeps outside of its memory quota until the last of them has come. Looks at
/// the headers of frames alone; whatever else is wrong with them is gRPC's to refuse.
/// One thread at a time.
class FrameGuard {
 public:
  /// Four times what a call's metadata may have (call_metadata.h), frame headers
  /// counted, so that who sends somewhat too much hears so from gRPC.
  static constexpr std::size_t kMaxHeaderBlock = std::size_t{32} * 1024;

  /// The bytes that came next. False once a header block is too long, and from then on.
  bool Take(std::span<const std::uint8_t> bytes);

 private:
  static constexpr std::size_t kPreface = 24;  // Section 3.4.
  static constexpr std::size_t kHeader = 9;

  bool BeginFrame();

  std::size_t preface_left_ = kPreface;
  std::array<std::uint8_t, kHeader> header_{};
  std::size_t header_filled_ = 0;
  std::size_t payload_left_ = 0;
  std::size_t block_ = 0;  // 0: not within a header block.
  bool broken_ = false;
};

}  // namespace surety
