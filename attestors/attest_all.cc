#include <algorithm>
#include <iterator>
#include <utility>

#include "attestors/boot_now.h"
#include "surety/attestor.h"

namespace surety {
namespace {

void Append(Attestation& all, Attestation part) {
  if (all.selectors.empty()) {
    all.selectors = std::move(part.selectors);
  } else {
    all.selectors.Merge(part.selectors);
  }
  std::move(part.missing.begin(), part.missing.end(), std::back_inserter(all.missing));
  if (part.executable) all.executable = part.executable;
}

}  // namespace

Result<Attestation> AttestAll(const std::vector<std::unique_ptr<Attestor>>& attestors,
                              const Peer& peer, BootTime deadline) {
  Attestation all;
  for (const auto& attestor : attestors) {
    const std::string name(attestor->name());
    if (BootNow() >= deadline) {
      all.missing.push_back({name, Error(ErrorCode::kDeadline, "no time was left to ask " + name),
                             attestor->optional()});
      continue;
    }
    auto part = attestor->Attest(peer, deadline);
    if (part) {
      Append(all, *std::move(part));
    } else if (part.error().code() == ErrorCode::kPeerGone) {
      return part.error();
    } else {
      all.missing.push_back({name, part.error()});
    }
  }
  if (!peer.process->IsAlive())
    return Error(ErrorCode::kPeerGone,
                 "process " + std::to_string(peer.process->key().pid) + " has exited");
  return all;
}

std::vector<std::string> SelectorKindsOf(const std::vector<std::unique_ptr<Attestor>>& attestors) {
  std::vector<std::string> all;
  for (const auto& attestor : attestors) {
    auto kinds = attestor->selector_kinds();
    std::move(kinds.begin(), kinds.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace surety
