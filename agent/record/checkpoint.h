#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/record/audit_line.h"
#include "agent/record/checkpoint_key.h"
#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

// A checkpoint says, signed, that the log had this line at this place. One line:
//
//   {"type":"checkpoint","log":"<16 hex>","seq":17,"hash":"<64 hex>",
//    "time":"…","key":"<64 hex>","signature":"<hex>"}
//
// signed is the line without `,"signature":"<hex>"` and the newline. What was
// carried off the host can be held against the log at any later time.

struct Checkpoint {
  std::string log;   ///< Which log: the id in its segments' headers.
  ChainPoint point;  ///< Its line of that number has that hash.
  WallTime time;
  std::string key;        ///< Id of the key that signed it.
  std::string signature;  ///< DER in lower-case hex.
};

/// No checkpoint is longer.
inline constexpr std::size_t kLongestCheckpoint = 1024;

/// Signs that the log `log` has this line. Without a newline. kInternal if the
/// library fails.
Result<std::string> PrintCheckpoint(std::string_view log, const ChainPoint& point, WallTime time,
                                    const CheckpointKey& key);

/// Reads one; white space around it is skipped. nullopt if it is none. Whether
/// the signature is right is for IsSignedBy to say.
std::optional<Checkpoint> ParseCheckpoint(std::string_view text);

/// Whether this key signed it, exactly as it stands in `text`.
bool IsSignedBy(const CheckpointPublicKey& key, std::string_view text);

}  // namespace surety
