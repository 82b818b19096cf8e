#include "agent/daemon_endpoint.h"

#include <spdlog/spdlog.h>

#include "agent/credential.h"
#include "agent/https/tcp_socket.h"
#include "agent/identity/file_stamp.h"
#include "agent/issuance/server_files.h"
#include "agent/record/rfc3339.h"

namespace surety {
namespace {

constexpr Seconds kRetryAfter{5};

std::string StampOf(const std::string& file) {
  const auto path = PathOfFile(file);
  return path ? FileStamp(*path) : "absent";
}

}  // namespace

DaemonEndpoint::DaemonEndpoint(BundleEndpointConfig config, Seconds svid_ttl, Issuer& issuer,
                               Note note, std::shared_ptr<spdlog::logger> logger)
    : config_(std::move(config)),
      svid_ttl_(svid_ttl),
      issuer_(issuer),
      note_(std::move(note)),
      logger_(std::move(logger)) {}

Result<void> DaemonEndpoint::Start(HttpsSite site, Moment now) {
  auto listening = ListenOnTcp(config_.listen);
  if (!listening) return listening.error().Within("the bundle endpoint");
  const auto identity = Obtain(now);
  if (!identity) return identity.error().Within("the certificate of the bundle endpoint");
  auto server = HttpsServer::Start(*std::move(listening), *identity, std::move(site), {});
  if (!server) return server.error().Within("the bundle endpoint");
  server_ = *std::move(server);
  logger_->info("the bundle endpoint is served at {} by {}", config_.listen.Text(),
                own() ? "https_spiffe as " + config_.spiffe_id->Text() : "https_web");
  return {};
}

void DaemonEndpoint::Tend(Moment now) {
  const bool due = now.boot >= renew_at_.load() || (!own() && Stamp() != stamp_);
  if (!due) return;
  const auto renewed = Renew(now);
  if (!renewed) Failed(renewed.error().Text());
}

Result<void> DaemonEndpoint::Renew(Moment now) {
  renew_at_ = now.boot + kRetryAfter;
  const auto identity = Obtain(now);
  if (!identity) return identity.error();
  return server_->Show(*identity);
}

Result<TlsIdentity> DaemonEndpoint::Obtain(Moment now) {
  return own() ? IssueOwn(now) : ReadFiles();
}

Result<TlsIdentity> DaemonEndpoint::IssueOwn(Moment now) {
  const Entry entry{.id = "bundle-endpoint",
                    .spiffe_id = *config_.spiffe_id,
                    .selectors = {},
                    .x509_ttl = svid_ttl_,
                    .hint = {},
                    .dns_names = {}};
  auto svid = issuer_.Issue(entry, now.wall);
  if (!svid) return svid.error();
  note_("endpoint.svid", NoticeSeverity::kInfo,
        {{"spiffe_id", svid->id.Text()},
         {"serial", svid->serial},
         {"not_after", Rfc3339Exact(svid->not_after)}});
  renew_at_ = now.boot + (svid->not_after - now.wall) / 2;
  Shows(svid->not_after);
  return TlsIdentity{.chain_der = std::move(svid->chain_der), .key_der = std::move(svid->key_der)};
}

Result<TlsIdentity> DaemonEndpoint::ReadFiles() {
  // Before the files are read: what changes meanwhile is read the next time.
  stamp_ = Stamp();
  renew_at_ = BootTime::max();
  auto certificate = PathOfFile(config_.certificate_file);
  if (!certificate) return certificate.error().Within("certificate_file");
  auto key = PathOfFile(config_.key_file);
  if (!key) return key.error().Within("key_file");
  auto files = ReadServerFiles({.certificate = *std::move(certificate),
                                .key = *std::move(key),
                                .key_is_credential = IsCredential(config_.key_file)});
  if (!files) return files.error();
  note_("endpoint.certificate", NoticeSeverity::kInfo,
        {{"file", config_.certificate_file}, {"not_after", Rfc3339Exact(files->not_after)}});
  Shows(files->not_after);
  return std::move(files->identity);
}

std::string DaemonEndpoint::Stamp() const {
  return StampOf(config_.certificate_file) + StampOf(config_.key_file);
}

void DaemonEndpoint::Shows(WallTime not_after) {
  const std::lock_guard lock(mutex_);
  failure_.clear();
  not_after_ = not_after;
}

void DaemonEndpoint::Failed(std::string why) {
  const std::lock_guard lock(mutex_);
  if (why != failure_) {
    logger_->error("the bundle endpoint keeps its certificate: {}", why);
    note_("endpoint.failed", NoticeSeverity::kWarning, {{"why", why}});
  }
  failure_ = std::move(why);
}

std::vector<std::string> DaemonEndpoint::Degraded(WallTime now) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  if (!failure_.empty())
    all.push_back("the bundle endpoint keeps its certificate, since there is no newer: " +
                  failure_);
  if (not_after_ <= now)
    all.push_back("the certificate of the bundle endpoint expired at " + Rfc3339Exact(not_after_));
  return all;
}

}  // namespace surety
