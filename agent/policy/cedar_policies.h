#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/identity/diagnostic.h"
#include "surety/result.h"

struct SuretyCedarPolicies;

namespace surety {

/// A text and the name it is called by in errors.
struct PolicyText {
  std::string file;
  std::string text;
};

/// What stands in front of a policy: @name("value").
struct PolicyAnnotation {
  std::string name;
  std::string value;
  Position at;
};

/// One policy as it was written.
struct WrittenPolicy {
  std::string file;
  Position at;
  bool permits = false;  ///< Else it forbids.
  std::vector<PolicyAnnotation> annotations;
  /// The facts that it reads, sorted: "context.drift.classes", "resource.path".
  std::vector<std::string> looks_at;
  std::string text;
};

/// What came of asking.
struct CedarAnswer {
  struct Failure {
    std::uint32_t policy = 0;
    std::string why;
  };
  std::vector<std::uint32_t> holding;  ///< Indexes of policies(), rising.
  std::vector<Failure> failed;         ///< Those that could not be evaluated.
};

/// A set of Cedar policies that passed strict validation. It tells which of them
/// hold; what follows from that is said elsewhere. Thread-safe, immutable.
class CedarPolicies {
 public:
  /// Parses and validates all texts together. Null after adding every error to
  /// `diagnostics`, with its place; warnings are added and do no harm.
  static std::unique_ptr<const CedarPolicies> Load(const std::vector<PolicyText>& texts,
                                                   Diagnostics& diagnostics);

  ~CedarPolicies();
  CedarPolicies(const CedarPolicies&) = delete;
  CedarPolicies& operator=(const CedarPolicies&) = delete;

  /// In the order of the texts and, in each, of the lines.
  [[nodiscard]] const std::vector<WrittenPolicy>& policies() const { return policies_; }

  /// `facts` as FactsOf makes them (facts.h). kInvalidArgument if they are not such,
  /// kInternal for a fault of the library: either way nothing is known, and so
  /// nothing may be allowed.
  [[nodiscard]] Result<CedarAnswer> Ask(std::string_view facts) const;

  /// For facts that Surety did not make just now: kInvalidArgument says what in them
  /// is not as the schema demands.
  [[nodiscard]] Result<void> CheckFacts(std::string_view facts) const;

 private:
  struct Free {
    void operator()(SuretyCedarPolicies* policies) const;
  };
  using Handle = std::unique_ptr<SuretyCedarPolicies, Free>;

  CedarPolicies(Handle handle, std::vector<WrittenPolicy> policies);

  const Handle handle_;
  const std::vector<WrittenPolicy> policies_;
};

}  // namespace surety
