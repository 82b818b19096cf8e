#pragma once

#include <optional>
#include <string_view>

#include "surety/audit.h"

namespace surety {

// The words of the log for our enumerations. They belong to the format of the
// file: what is written stays readable whatever names become elsewhere.

std::string_view WordOf(Action action);
std::string_view WordOf(Verdict verdict);
std::string_view WordOf(WakeMode mode);
std::string_view WordOf(NoticeSeverity severity);

/// nullopt for any other word.
std::optional<Action> ActionOf(std::string_view word);
std::optional<Verdict> VerdictOf(std::string_view word);
std::optional<NoticeSeverity> SeverityOf(std::string_view word);

}  // namespace surety
