#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "surety/admin_actions.h"
#include "surety/clock.h"
#include "surety/result.h"
#include "surety/spiffe_id.h"

namespace surety {

inline constexpr std::string_view kDefaultAdminSocket = "/run/surety/admin.sock";

enum class OutputFormat { kText, kJson };

struct FetchFlags {
  std::optional<std::string> socket;
  std::optional<std::string> write_folder;
  std::chrono::milliseconds timeout{5'000};
  OutputFormat output = OutputFormat::kText;
};

struct FetchWitFlags {
  std::optional<std::string> socket{};
  std::optional<std::string> spiffe_id{};
  std::optional<std::string> write_folder{};
  std::chrono::milliseconds timeout{5'000};
  OutputFormat output = OutputFormat::kText;
};

struct FetchJwtFlags {
  std::optional<std::string> socket{};
  std::vector<std::string> audiences{};
  std::optional<std::string> spiffe_id{};
  std::chrono::milliseconds timeout{5'000};
  OutputFormat output = OutputFormat::kText;
};

struct ValidateJwtFlags {
  std::optional<std::string> socket{};
  std::string audience{};
  std::string file{"-"};  ///< Holds the token; "-": the standard input.
  std::chrono::milliseconds timeout{5'000};
  OutputFormat output = OutputFormat::kText;
};

struct WatchFlags {
  std::optional<std::string> socket;
  std::optional<std::uint64_t> count;  ///< Ends after this many updates; above zero.
  OutputFormat output = OutputFormat::kText;
};

/// Of every command that asks the daemon's admin socket.
struct AdminFlags {
  std::string socket{kDefaultAdminSocket};
  std::chrono::milliseconds timeout{5'000};
  OutputFormat output = OutputFormat::kText;
};

struct StatusFlags {
  AdminFlags admin{};
};

struct BundleShowFlags {
  AdminFlags admin{};
  std::optional<TrustDomain> trust_domain{};  ///< Absent: the daemon's own.
  bool map = false;                           ///< All that it has.
};

struct BundleListFlags {
  AdminFlags admin{};
};

struct BundleSetFlags {
  TrustDomain trust_domain;
  std::string file;  ///< "-": the standard input.
  AdminFlags admin{};
};

struct BundleDeleteFlags {
  TrustDomain trust_domain;
  AdminFlags admin{};
};

struct QuarantineListFlags {
  AdminFlags admin{};
};

struct QuarantineAddFlags {
  QuarantineOrder order;
  AdminFlags admin{};
};

struct QuarantineReleaseFlags {
  std::uint64_t id = 0;
  std::string reason;
  AdminFlags admin{};
};

struct RevokeFlags {
  RevocationOrder order;
  AdminFlags admin{};
};

struct AttestFlags {
  pid_t pid = 0;
  std::chrono::milliseconds timeout{5'000};
  OutputFormat output = OutputFormat::kText;
  std::optional<std::string> config{};  ///< Absent: the daemon's usual one, if it is there.
};

/// What `surety top` watches.
struct TopFlags {
  std::string socket{kDefaultAdminSocket};
  std::optional<std::string> folder{};  ///< Of the audit log.
  std::chrono::milliseconds timeout{5'000};
  bool once = false;
};

struct EntryImportFlags {
  std::string file{};                         ///< "-": the standard input.
  std::optional<std::string> trust_domain{};  ///< In place of that of the entries.
  std::optional<std::string> parent{};        ///< Only entries with this parent.
  std::optional<std::string> write_folder{};
};

/// Which installation is looked at.
struct DoctorFlags {
  std::optional<std::string> config{};  ///< Absent: the daemon's usual one.
  std::optional<std::string> user{};    ///< A name or a number.
  std::chrono::milliseconds timeout{5'000};
  OutputFormat output = OutputFormat::kText;
};

/// Where the audit log is: absent means the running daemon's default.
struct AuditVerifyFlags {
  std::optional<std::string> folder{};
  std::optional<std::string> checkpoint_file{};  ///< One checkpoint a line.
  std::optional<std::string> key_file{};         ///< PEM.
  OutputFormat output = OutputFormat::kText;
};

struct AuditTailFlags {
  std::optional<std::string> folder{};
  bool follow = false;
  std::uint64_t lines = 20;        ///< The last ones, unless `since` is set.
  std::optional<Seconds> since{};  ///< As long ago.
  std::optional<std::string> verdict{};
  std::optional<std::string> spiffe_id{};
  std::optional<pid_t> pid{};
  std::optional<std::string> lineage{};
  OutputFormat output = OutputFormat::kText;
};

struct AuditWhyFlags {
  std::optional<std::string> folder{};
  std::string subject;  ///< A SPIFFE ID, a process id or a decision's id.
  OutputFormat output = OutputFormat::kText;
};

/// Which policies a command is about.
struct PolicySourceFlags {
  std::string folder{};  ///< Empty: the built-in policy.
  bool beneath = false;  ///< The built-in policy lies beneath those of the folder.
  bool monitor = false;  ///< They only watch.
};

struct PolicyCheckFlags {
  PolicySourceFlags source{};
  OutputFormat output = OutputFormat::kText;
};

/// What of the policies is shown.
enum class PolicyView { kTable, kCedar, kSchema };

struct PolicyShowFlags {
  PolicySourceFlags source{};
  PolicyView view = PolicyView::kTable;
  OutputFormat output = OutputFormat::kText;
};

struct PolicyTestFlags {
  PolicySourceFlags source{};
  std::vector<std::string> files{};
  bool full_coverage = false;  ///< A policy that decides in no case is a failure.
  OutputFormat output = OutputFormat::kText;
};

struct PolicyEvalFlags {
  PolicySourceFlags source{};
  std::string file{};  ///< "-": the standard input.
  bool explain = false;
  OutputFormat output = OutputFormat::kText;
};

struct PolicySimulateFlags {
  PolicySourceFlags source{};
  std::optional<std::string> audit{};  ///< The log's folder.
  OutputFormat output = OutputFormat::kText;
};

struct SinkWaitFlags {
  std::string folder{};
  std::chrono::milliseconds timeout{5'000};
};

/// What --help and --version ask for.
struct PrintedText {
  std::string text;
};

using CommandLine =
    std::variant<PrintedText, FetchFlags, FetchJwtFlags, FetchWitFlags, ValidateJwtFlags,
                 WatchFlags, StatusFlags, AttestFlags, TopFlags, DoctorFlags, EntryImportFlags,
                 AuditVerifyFlags, AuditTailFlags, AuditWhyFlags, QuarantineListFlags,
                 QuarantineAddFlags, QuarantineReleaseFlags, RevokeFlags, PolicyCheckFlags,
                 PolicyShowFlags, PolicyTestFlags, PolicyEvalFlags, PolicySimulateFlags,
                 BundleShowFlags, BundleListFlags, BundleSetFlags, BundleDeleteFlags,
                 SinkWaitFlags>;

/// Reads the arguments that follow the program's name. kInvalidArgument names
/// the argument, what was probably meant, and where help is.
Result<CommandLine> ParseCommandLine(std::span<const char* const> arguments);

}  // namespace surety
