#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "surety/external_hook.h"
#include "surety/policy.h"
#include "surety/result.h"

namespace surety {

inline constexpr std::size_t kMaxHookReasonBytes = 64;

/// Whether an answer says what an answer may say: a reason that is a token or empty;
/// a cap on the lifetime of an allow alone, from 10 s to 30 d; sanctions of a refusal
/// alone, and a quarantine of at most 3650 d. kDataLoss names what it says instead. Pure.
Result<void> CheckAnswer(const HookAnswer& answer);

/// What follows from an allow of the policies and what the hook said of it. Never more
/// than the policies gave: an allow stays as it is or lives shorter, anything else takes
/// its place. The reason is "hook.REASON", or "hook.VERDICT" without one. Pure.
Decision Tightened(Decision allowed, const HookAnswer& answer);

/// The same where the hook only watches: nothing changes but `observed`. Pure.
Decision Watched(Decision allowed, const HookAnswer& answer);

/// What follows if there is no answer that could be used: `verdict`, "hook.unavailable",
/// with `why` among the errors. Pure.
Decision Unanswered(Decision allowed, Verdict verdict, const Error& why);

/// The same where the hook only watches. Pure.
Decision UnansweredWatched(Decision allowed, const Error& why);

}  // namespace surety
