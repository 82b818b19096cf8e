#pragma once

#include <string_view>

namespace surety {

/// What `surety --help` prints.
inline constexpr std::string_view kUsage =
    R"(surety asks a Surety daemon for identities and shows how it is doing.

  surety fetch x509 [--write DIR]   get this process's X.509-SVIDs once
  surety fetch jwt --audience NAME  get tokens (JWT-SVIDs) for a service
  surety fetch wit [--write DIR]    get tokens bound to a key (WIT-SVIDs)
  surety validate jwt               ask whether a token is to be believed
  surety watch                      stay connected and show every update
  surety status                     show how the daemon is doing (operators)
  surety top                        watch it: who has what, decisions, refusals
  surety bundle show                print what peers are to trust; list, set and
                                    delete: what they are to trust of others
  surety attest PID                 show a process's selectors and an entry for it
  surety doctor                     check an installation, and say what to mend
  surety entry import FILE          make entries of those that SPIRE exported
  surety audit verify               check that the audit log is what was written
  surety audit tail                 show decisions, as they come with --follow
  surety audit why WHAT             tell why: of a SPIFFE ID, a PID, or a decision

  surety quarantine list            show who gets nothing; add and release change that
  surety revoke                     revoke SVIDs now

  surety policy check DIR           say all that is wrong with a folder of policies
  surety policy show                show policies; test, eval, simulate try them

  surety sink wait FOLDER           wait until a sink's files are there

  surety COMMAND --help             flags of one command
  surety --version

Exit status: 0 done, 1 failed, 2 wrong command line. Manual: surety(1).
)";

/// What stands above a command's flags in its --help.
inline constexpr std::string_view kFetchUsage = R"(surety fetch x509 [flags]

Asks the Workload API once for the X.509-SVIDs of this process and shows them.
Keys are never printed; --write puts them into files of mode 0600.
)";

inline constexpr std::string_view kFetchJwtUsage =
    R"(surety fetch jwt --audience NAME [flags]

Asks the Workload API for JWT-SVIDs of this process, one for each of its
identities, and prints them. A token is as good as a key until it expires: keep
it out of logs and histories.
)";

inline constexpr std::string_view kFetchWitUsage = R"(surety fetch wit [flags]

Asks the Workload API once for the WIT-SVIDs of this process and shows them, if
the daemon serves them ([wit] enabled). A WIT-SVID is worth nothing without its
key. Keys are never printed; --write puts them into files of mode 0600.
)";

inline constexpr std::string_view kValidateUsage =
    R"(surety validate jwt --audience NAME [flags] [FILE]

Has the daemon say whether the token in FILE, or on the standard input, is to be
believed, and prints whose it is. Exit status 1 if it is not.
)";

inline constexpr std::string_view kWatchUsage = R"(surety watch [flags]

Stays connected to the Workload API and prints a line for each update: new
SVIDs, changed bundles. Connects again when the stream ends, after 1 s, 2 s ...
30 s. Ends on SIGINT and SIGTERM.
)";

inline constexpr std::string_view kStatusUsage = R"(surety status [flags]

Shows how the daemon is doing: authorities, entries, policies and what serves
them, load, open streams, and what works only in part. Needs access to the admin
socket.
)";

inline constexpr std::string_view kBundleUsage =
    R"(surety bundle show|list|set|delete is about what is to be trusted: of the daemon's
trust domain, and of others. Needs access to the admin socket.

  surety bundle show     print a bundle, our own or another's
  surety bundle list     show whose bundles the daemon holds
  surety bundle set      give it the bundle of another trust domain
  surety bundle delete   take one away

  surety bundle COMMAND --help
)";

inline constexpr std::string_view kBundleShowUsage =
    R"(surety bundle show [spiffe://TRUSTDOMAIN | --map] [flags]

Prints the CA certificates of the daemon's trust domain, or of another whose bundle
it holds, as PEM. With --output json it is a SPIFFE bundle document, which also has
the keys of tokens: give it to other trust domains. With --map it is a SPIFFE bundle
map of all bundles, our own and the others. Nothing in it is secret.
)";

inline constexpr std::string_view kBundleListUsage = R"(surety bundle list [flags]

Shows whose bundles the daemon holds: how many CA certificates and keys of tokens
are in each. A process gets those that its entries name (federates_with).
)";

inline constexpr std::string_view kBundleSetUsage =
    R"(surety bundle set spiffe://TRUSTDOMAIN --file FILE|- [flags]

Gives the daemon the bundle of another trust domain, a SPIFFE bundle document, or CA
certificates as PEM for X.509-SVIDs alone, in place of the one that it holds. Make
sure that it is theirs: whoever wrote it is trusted to be any of their workloads. In
force and on disk when the command returns, and kept until it is deleted.
)";

inline constexpr std::string_view kBundleDeleteUsage =
    R"(surety bundle delete spiffe://TRUSTDOMAIN [flags]

Takes the bundle of another trust domain away: from here on nothing of it is
trusted. Workloads with open streams are told at once.
)";

inline constexpr std::string_view kQuarantineUsage =
    R"(surety quarantine list|add|release shows and changes who gets nothing from the
daemon until released or expired. Needs access to the admin socket.

  surety quarantine list      show those in force
  surety quarantine add       put a lineage or an entry into quarantine
  surety quarantine release   end one

  surety quarantine COMMAND --help
)";

inline constexpr std::string_view kQuarantineListUsage = R"(surety quarantine list [flags]

Shows the quarantines in force: whom they hold, since when, why, by which
decision of the audit log, and when they end.
)";

inline constexpr std::string_view kQuarantineAddUsage =
    R"(surety quarantine add --lineage LINEAGE|--pid PID|--entry ID --reason TEXT [flags]

Ends the streams of a lineage (of all its processes, whatever they become), of
an entry, or of an entry within a lineage, and gives them nothing more until
the quarantine is released or expires. What they hold is revoked. In force and
on disk when the command returns.
)";

inline constexpr std::string_view kQuarantineReleaseUsage =
    R"(surety quarantine release ID --reason TEXT [flags]

Ends a quarantine. Nothing comes back by itself: processes that ask again are
attested from scratch, and what was revoked stays revoked.
)";

inline constexpr std::string_view kRevokeUsage =
    R"(surety revoke --serial SERIAL|--pid PID|--spiffe-id ID --reason TEXT [flags]

Puts live SVIDs on the certificate revocation list, which goes out to all
streams at once. A holder that may still have the identity gets a new SVID; to
keep it from that, use surety quarantine add.
)";

inline constexpr std::string_view kAttestUsage = R"(surety attest PID [flags]

Looks at a process as the daemon would and prints its selectors and an entry to
paste into a file of entries_dir. Asks no daemon, but the container engines that
the daemon's configuration names; without one those at their usual sockets.
Other users' processes need root or CAP_SYS_PTRACE.
)";

inline constexpr std::string_view kTopUsage = R"(surety top [flags]

Watches the daemon in a terminal: connected processes and their SPIFFE IDs, the
next turn of each, decisions a second by verdict, refusals, quarantines, what
is degraded, and the last events of the audit log. Drawn anew each second; q or
Ctrl-C ends it. Into a pipe it prints one frame. Needs access to the admin
socket and to the audit log.
)";

inline constexpr std::string_view kEntryUsage =
    R"(surety entry import makes entries of those of another system. Asks no daemon.

  surety entry import   of those that a SPIRE Server exported

  surety entry import --help
)";

inline constexpr std::string_view kEntryImportUsage =
    R"(surety entry import FILE|- [flags]

Reads what "spire-server entry show -output json" printed and prints entries
that suretyd takes. On the standard error it says of each entry what was not
carried over; where that would give its identity to more processes, or for
longer, the entry is left out.
)";

inline constexpr std::string_view kDoctorUsage = R"(surety doctor [flags]

Looks at every part of an installation (kernel, clock, daemon, privileges,
sockets, disk, audit log, CA, entries, policies, engines, plug-ins, sinks,
metrics) and says of each whether it is well, why not, and what to do. Changes
nothing. Needs no running daemon, and root to see everything. Where systemd
holds the sockets, asking starts the daemon. Exit status 1 if anything is
broken; warnings are no reason.
)";

inline constexpr std::string_view kSinkUsage = R"(surety sink wait FOLDER [flags]

Waits until the files of the sink with this folder are there, may be read by
this user, and hold a valid certificate: for the ExecStartPre= of a service that
does not start without. Asks no daemon. Exit status 1 if they do not come in
time.
)";

inline constexpr std::string_view kAuditUsage =
    R"(surety audit verify|tail|why reads the daemon's audit log. It needs to be root or
the daemon's user, and no daemon.

  surety audit verify   check that the log is what was written
  surety audit tail     show the last decisions, and new ones with --follow
  surety audit why      tell the story of a process in plain words

  surety audit COMMAND --help
)";

inline constexpr std::string_view kAuditVerifyUsage = R"(surety audit verify [flags]

Reads the whole audit log and names every place where it is not what was
written: changed, missing, put in or out of order, or not what a signed
checkpoint says. Can be run while the daemon writes. Exit status 1 if there is
any such place.
)";

inline constexpr std::string_view kAuditTailUsage = R"(surety audit tail [flags]

Shows records of the audit log, one a line. With a filter, only decisions that
fit all of them. With --output json, the records as they were written.
)";

inline constexpr std::string_view kAuditWhyUsage = R"(surety audit why WHAT [flags]

Tells what became of a process and why, from the audit log: who it was, what it
was given, what changed, what was decided, what followed, and what can be done.
WHAT is a SPIFFE ID (then of the last process with it that was not simply
allowed), a process id (then of the last process that had it), or the id of a
decision.
)";

}  // namespace surety
