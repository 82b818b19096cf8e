#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "surety/attestor.h"

namespace surety {

/// Collects what one attestor finds, in any order, and sorts it once at the end.
class Findings {
 public:
  /// `type` is the attestor's name.
  explicit Findings(std::string_view type) : type_(type) { values_.reserve(kUsual); }

  void Add(std::string value) { values_.push_back(std::move(value)); }
  /// Of the two, joined.
  void Add(std::string_view kind, std::string_view value) {
    values_.emplace_back().reserve(kind.size() + value.size());
    values_.back().append(kind).append(value);
  }
  /// `kind` without the type: "sha256". Told once; the first reason stays.
  void Missing(std::string_view kind, const Error& why);

  /// Everything so far, as the answer.
  [[nodiscard]] Attestation Finish() &&;

 private:
  static constexpr std::size_t kUsual = 64;

  std::string type_;
  std::vector<std::string> values_;
  std::vector<MissingFact> missing_;
};

}  // namespace surety
