#include "agent/record/operator_orders.h"

#include <string>

namespace surety {
namespace {

constexpr std::size_t kLongestReason = 512;

Result<void> CheckReason(const std::string& reason) {
  if (reason.empty())
    return Error(ErrorCode::kInvalidArgument, "say why: the record shall hold a reason");
  if (reason.size() > kLongestReason)
    return Error(ErrorCode::kInvalidArgument, "the reason has " + std::to_string(reason.size()) +
                                                  " bytes; at most " +
                                                  std::to_string(kLongestReason) + " are kept");
  return {};
}

OrderedBy By(const Operator& by, const std::string& reason) {
  return {.uid = by.uid, .reason = reason};
}

}  // namespace

std::vector<Quarantine> OperatorOrders::Quarantines() const {
  return state_.quarantines().All(clock_.Now());
}

// The one that was recorded, where the process is known; else what is told now.
Result<std::string> OperatorOrders::LineageOf(pid_t pid) const {
  const auto process = opener_.OpenByPid(pid);
  if (!process && process.error().code() == ErrorCode::kPeerGone)
    return Error(ErrorCode::kNotFound, "there is no process " + std::to_string(pid));
  if (!process) return process.error();
  const auto told = reader_.Read(**process);
  if (!told) return told.error();
  return state_.lineages().Record((*process)->key(), *told)->id;
}

Result<Quarantine> OperatorOrders::AddQuarantine(const QuarantineOrder& order, const Operator& by) {
  if (auto reason = CheckReason(order.reason); !reason) return reason.error();
  if (order.pid != 0 && !order.lineage.empty())
    return Error(ErrorCode::kInvalidArgument, "name a lineage or a process, not both");
  QuarantineRequest request{
      .lineage = order.lineage, .entry_id = order.entry_id, .duration = order.duration};
  if (order.pid != 0) {
    auto lineage = LineageOf(order.pid);
    if (!lineage) return lineage.error();
    request.lineage = *std::move(lineage);
  }
  const bool of_an_entry = request.lineage.empty();
  auto added =
      state_.sanctions().AddQuarantine(std::move(request), By(by, order.reason), clock_.Now());
  // Nobody keeps a list of who has tokens of an entry and no SVID.
  if (added && of_an_entry) wake_();
  return added;
}

Result<Quarantine> OperatorOrders::ReleaseQuarantine(std::uint64_t id, const std::string& reason,
                                                     const Operator& by) {
  if (auto said = CheckReason(reason); !said) return said.error();
  return state_.sanctions().Release(id, By(by, reason), clock_.Now());
}

Result<std::uint32_t> OperatorOrders::RevokeSvids(const RevocationOrder& order,
                                                  const Operator& by) {
  if (auto reason = CheckReason(order.reason); !reason) return reason.error();
  constexpr RevocationReason kWhy = RevocationReason::kPrivilegeWithdrawn;
  const OrderedBy ordered = By(by, order.reason);
  StoredSanctions& sanctions = state_.sanctions();
  Result<std::size_t> revoked =
      Error(ErrorCode::kInvalidArgument, "say what to revoke: a serial, a process or a SPIFFE ID");
  if (!order.serial.empty()) {
    revoked = sanctions.RevokeSerial(order.serial, kWhy, ordered, clock_.Now());
  } else if (order.pid != 0) {
    const auto process = opener_.OpenByPid(order.pid);
    if (!process) return process.error();
    revoked = sanctions.RevokeProcess((*process)->key(), kWhy, ordered, clock_.Now());
  } else if (!order.spiffe_id.empty()) {
    revoked = sanctions.RevokeSpiffeId(order.spiffe_id, kWhy, ordered, clock_.Now());
  }
  if (!revoked) return revoked.error();
  wake_();
  return static_cast<std::uint32_t>(*revoked);
}

}  // namespace surety
