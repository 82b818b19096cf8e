#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace conformance {

struct Options {
  /// As gRPC names it.
  std::string target;
  /// As the user gave it.
  std::string socket;
  std::vector<std::string> audiences;
  /// How long an answer may take.
  std::chrono::milliseconds patience{5'000};
  /// How long later messages are waited for.
  std::chrono::milliseconds wait{0};
  /// The caller is meant to have no identity.
  bool no_identity = false;
  bool json = false;
  bool list = false;
  bool help = false;
  /// The ids of the rules to check; all if empty.
  std::vector<std::string> only;
};

/// The usage text.
extern const char* const kUsage;

/// Reads the command line. False if it is wrong; `problem` then says what is.
bool ReadOptions(int count, char** arguments, Options& options, std::string& problem);

}  // namespace conformance
