#include "agent/command/sink_wait.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>

#include "agent/command/input_file.h"
#include "agent/issuance/certificate_view.h"
#include "agent/issuance/pem_reader.h"
#include "attestors/printable.h"

namespace surety {
namespace {

constexpr std::chrono::milliseconds kPause{100};

struct Layout {
  std::string_view certificate;  ///< In PEM; empty: not looked into.
  std::string_view key;
};
constexpr std::array<Layout, 3> kLayouts{
    {{"svid.pem", "key.pem"}, {"combined.pem", "combined.pem"}, {"", "svid.p12"}}};

Result<CertificateView> FirstCertificate(const std::string& path) {
  const auto text = ReadInputFile(path);
  if (!text) return text.error();
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(text->data()), text->size());
  const auto block = PemReader(bytes, PemReader::Place::kHeap).Next();
  if (!block) return block.error();
  if (!*block) return Error(ErrorCode::kInvalidArgument, "has no certificate");
  const auto der = (*block)->content.Reveal();
  return ViewCertificate({reinterpret_cast<const char*>(der.data()), der.size()});
}

}  // namespace

std::optional<std::string> WhyNotReady(const std::string& folder, WallTime now) {
  const std::string set = folder + "/current/";
  for (const auto& [certificate, key] : kLayouts) {
    const std::string key_path = set + std::string(key);
    if (::faccessat(AT_FDCWD, key_path.c_str(), R_OK, AT_EACCESS) != 0) {
      if (errno == ENOENT) continue;
      return Printable(key_path) +
             " cannot be read by this user: " + std::generic_category().message(errno) +
             "; owner, group and mode of the sink say who may";
    }
    if (certificate.empty()) return std::nullopt;
    const auto leaf = FirstCertificate(set + std::string(certificate));
    if (!leaf) return "its certificate cannot be used: " + leaf.error().Text();
    if (now >= leaf->not_after) return "its certificate has expired";
    return std::nullopt;
  }
  return "no files are there";
}

Result<void> WaitForSink(const SinkWaitFlags& flags, const Clock& clock, Waiter& waiter,
                         std::ostream& out) {
  const BootTime deadline = clock.Now().boot + flags.timeout;
  while (true) {
    const Moment now = clock.Now();
    const auto lacking = WhyNotReady(flags.folder, now.wall);
    if (!lacking) break;
    if (now.boot >= deadline)
      return Error(ErrorCode::kDeadline,
                   "waited for the files in " + Printable(flags.folder) + ": " + *lacking +
                       "; surety status and suretyd's log say what its sink does");
    if (!waiter.Wait(kPause))
      return Error(ErrorCode::kUnavailable, "stopped while it waited: " + *lacking);
  }
  out << "the files in " << Printable(flags.folder) << " are there\n";
  return {};
}

}  // namespace surety
