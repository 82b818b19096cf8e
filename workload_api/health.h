#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "workload_api/method_table.h"

namespace surety {

/// gRPC's health checking: what is served, asked once (Check) or followed (Watch).
/// Thread-safe.
class Health {
 public:
  /// These services, and "" for the whole; nothing serves yet.
  explicit Health(const std::vector<std::string>& services);

  /// Adds the methods to a table, which the Health outlives.
  void AddTo(MethodTable& methods);
  void SetServing(bool serving);

 private:
  void Check(const std::shared_ptr<Call>& call, const grpc::ByteBuffer& bytes);
  void Watch(const std::shared_ptr<Call>& call, const grpc::ByteBuffer& bytes);
  void Forget(const Call* call);
  [[nodiscard]] bool Knows(const std::string& service) const;

  const std::vector<std::string> services_;

  std::mutex mutex_;
  // All below guarded by mutex_.
  bool serving_ = false;
  std::map<const Call*, std::pair<std::shared_ptr<Call>, std::string>> watchers_;
};

}  // namespace surety
