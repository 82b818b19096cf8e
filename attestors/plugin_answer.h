#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "surety/attestor.h"
#include "surety/attestor_plugin.h"

namespace surety {

inline constexpr std::size_t kMostPluginKinds = 32;
inline constexpr std::size_t kLongestPluginKind = 32;
inline constexpr std::size_t kMostPluginSelectors = 128;
inline constexpr std::size_t kLongestPluginValue = 512;
inline constexpr std::size_t kMostPluginBytes = 16UL * 1024;  ///< Of all kinds and values.

/// The kinds that a plug-in describes, judged: at most 32, each of a-z, 0-9 and '_' and at
/// most 32 long. kDataLoss if that is broken, or if there is none.
Result<std::vector<std::string>> KindsOfPlugin(const PluginDescription& description);

/// What a plug-in's word about `asked` comes to, as selectors of type `type`.
///
/// Taken whole or not at all. kDataLoss, saying what is wrong, for an answer about another
/// process, a kind that was not described, too much of anything, and a value that is
/// empty or that Printable() would have to change. An answer cannot name a type: what it
/// says begins with `type` and a ':' in every case. Pure.
Result<Attestation> JudgePluginAnswer(std::string_view type, const std::vector<std::string>& kinds,
                                      const ProcessKey& asked, const PluginAnswer& answer);

}  // namespace surety
