#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "surety/attestor.h"

namespace surety {

/// Collects what one attestor finds, cheaply: a SelectorSet that is filled in
/// order costs nothing to keep sorted.
class Findings {
 public:
  /// `type` is the attestor's name.
  explicit Findings(std::string_view type) : type_(type) {}

  void Add(std::string value) { values_.push_back(std::move(value)); }
  /// `kind` without the type: "sha256". Told once; the first reason stays.
  void Missing(std::string_view kind, const Error& why);

  /// Everything so far, as the answer.
  [[nodiscard]] Attestation Finish() &&;

 private:
  std::string type_;
  std::vector<std::string> values_;
  std::vector<MissingFact> missing_;
};

}  // namespace surety
