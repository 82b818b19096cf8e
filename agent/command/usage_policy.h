#pragma once

#include <string_view>

namespace surety {

inline constexpr std::string_view kPolicyUsage =
    R"(surety policy check|show|test|eval|simulate is for those who write policies
(docs/policy.md). It asks no daemon and changes nothing.

  surety policy check DIR      say all that is wrong with a folder of policies
  surety policy show           list policies, print them, or the schema of the facts
  surety policy test FILES     run cases, and tell which policies none of them reaches
  surety policy eval FILE      ask for one request: what is decided, by what
  surety policy simulate       ask again what the audit log says was asked

  surety policy COMMAND --help

Without --policies it is about the policy that Surety comes with.
)";

inline constexpr std::string_view kPolicyCheckUsage = R"(surety policy check DIR [flags]

Reads a folder of policies as the daemon would, and says all that is wrong with
file, line, column and what to do about it. Exit status 1 if the daemon would
not take it.
)";

inline constexpr std::string_view kPolicyShowUsage = R"(surety policy show [flags]

Lists policies: id, effect, mode, what a forbid leads to, the other annotations,
and where it stands. Exit status 1 if there are policies with errors.
)";

inline constexpr std::string_view kPolicyTestUsage = R"(surety policy test FILE... [flags]

Runs the [[case]] tables of TOML files and tells which are not decided as they
expect, and which policies decided in no case. Exit status 1 if any case failed.
)";

inline constexpr std::string_view kPolicyEvalUsage = R"(surety policy eval FILE [flags]

Asks the policies for one request and prints what they say. FILE has facts, as
TOML or as JSON, such as those of a record of the audit log; "-" is the standard
input. What it leaves out is as with an honest service. The exit status is 0
whatever the verdict.
)";

inline constexpr std::string_view kPolicySimulateUsage = R"(surety policy simulate [flags]

Asks the policies again what the audit log says was asked, and lists the
decisions that would change: for which identity and process, from what to what,
and because of which policies. Exit status 0 if none would, 1 if any would or if
any could not be told.
)";

}  // namespace surety
