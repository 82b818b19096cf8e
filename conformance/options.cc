#include "conformance/options.h"

#include <arpa/inet.h>
#include <getopt.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace conformance {

const char* const kUsage = R"(usage: workload-api-conformance [FLAG...]

Checks a server of the SPIFFE Workload API, rule by rule, as one of its workloads.

  --socket URI         unix:///path or tcp://ADDRESS:PORT; default: SPIFFE_ENDPOINT_SOCKET
  --jwt-audience NAME  an audience that the caller may have tokens for; may come again
  --no-identity        the caller is meant to have no identity: checks that it gets none
  --timeout TIME       how long an answer may take; default 5s
  --wait TIME          wait so long for later messages of streams; default 0s
  --only ID            check this rule alone; may come again
  --output text|json   default text
  --list               print the rules as a table and check nothing
  --help               this text

TIME is a number with ms, s or m. Exit status: 0 no rule failed, 1 a rule failed,
2 the command line is wrong.
)";

namespace {

constexpr std::chrono::milliseconds kLongest{std::chrono::hours(24)};

constexpr std::array kFlags = {option{"socket", required_argument, nullptr, 's'},
                               option{"jwt-audience", required_argument, nullptr, 'a'},
                               option{"no-identity", no_argument, nullptr, 'n'},
                               option{"timeout", required_argument, nullptr, 't'},
                               option{"wait", required_argument, nullptr, 'w'},
                               option{"only", required_argument, nullptr, 'i'},
                               option{"output", required_argument, nullptr, 'o'},
                               option{"list", no_argument, nullptr, 'l'},
                               option{"help", no_argument, nullptr, 'h'},
                               option{nullptr, 0, nullptr, 0}};

std::optional<std::chrono::milliseconds> ReadTime(std::string_view text) {
  long number = 0;
  const auto [unit, error] = std::from_chars(text.begin(), text.end(), number);
  const std::string_view name(unit, static_cast<std::size_t>(text.end() - unit));
  long factor = 0;
  if (name == "ms") factor = 1;
  if (name == "s") factor = 1'000;
  if (name == "m") factor = 60'000;
  if (error != std::errc() || factor == 0 || number < 0 || number > kLongest.count() / factor)
    return std::nullopt;
  return std::chrono::milliseconds(number * factor);
}

// Workload Endpoint section 4. Empty if the URI is not one of a Workload Endpoint.
std::string TargetOf(std::string_view uri) {
  constexpr std::string_view kUnix = "unix://";
  constexpr std::string_view kTcp = "tcp://";
  if (uri.find_first_of("?#") != std::string_view::npos) return {};
  if (uri.starts_with("unix:///")) return "unix:" + std::string(uri.substr(kUnix.size()));
  if (!uri.starts_with(kTcp)) return {};
  const std::string address(uri.substr(kTcp.size()));
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return {};
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  const int family = host.find(':') == std::string::npos ? AF_INET : AF_INET6;
  const auto port = std::string_view(address).substr(colon + 1);
  unsigned number = 0;
  const auto [rest, error] = std::from_chars(port.begin(), port.end(), number);
  const bool valid = ::inet_pton(family, host.c_str(), parsed.data()) == 1 &&
                     error == std::errc() && rest == port.end() && number > 0 && number < 65'536;
  return valid ? address : std::string();
}

bool TakeTime(const char* flag, std::chrono::milliseconds& time, std::string& problem) {
  const auto read = ReadTime(optarg);
  if (read) {
    time = *read;
  } else {
    problem = std::string(flag) + " '" + optarg +
              "': give a number with ms, s or m, such as 500ms, and at most a day";
  }
  return read.has_value();
}

bool TakeOutput(Options& options, std::string& problem) {
  const std::string_view form = optarg;
  options.json = form == "json";
  if (form != "json" && form != "text") problem = "--output: give text or json";
  return problem.empty();
}

bool Take(int flag, Options& options, std::string& problem) {
  switch (flag) {
    case 's': options.socket = optarg; return true;
    case 'a': options.audiences.emplace_back(optarg); return true;
    case 'n': options.no_identity = true; return true;
    case 't': return TakeTime("--timeout", options.patience, problem);
    case 'w': return TakeTime("--wait", options.wait, problem);
    case 'i': options.only.emplace_back(optarg); return true;
    case 'o': return TakeOutput(options, problem);
    case 'l': options.list = true; return true;
    case 'h': options.help = true; return true;
    default: problem = "unknown or incomplete flag"; return false;
  }
}

}  // namespace

bool ReadOptions(int count, char** arguments, Options& options, std::string& problem) {
  int flag = 0;
  opterr = 0;
  while ((flag = ::getopt_long(count, arguments, "", kFlags.data(), nullptr)) != -1)
    if (!Take(flag, options, problem)) return false;
  if (optind < count) problem = std::string("unknown argument '") + arguments[optind] + "'";
  if (!problem.empty() || options.help || options.list) return problem.empty();
  const char* const preset = std::getenv("SPIFFE_ENDPOINT_SOCKET");
  if (options.socket.empty() && preset != nullptr) options.socket = preset;
  options.target = TargetOf(options.socket);
  if (options.socket.empty())
    problem = "no --socket, and SPIFFE_ENDPOINT_SOCKET is not set";
  else if (options.target.empty())
    problem = "the socket '" + options.socket +
              "' is neither unix:///absolute/path nor tcp://IP-ADDRESS:PORT";
  return problem.empty();
}

}  // namespace conformance
