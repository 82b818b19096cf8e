#include <algorithm>

#include "surety/token.h"

namespace surety {
namespace {

bool IsControlByte(char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }

}  // namespace

Result<std::vector<std::string>> CheckAudiences(std::span<const std::string> asked) {
  const auto wrong = [](const std::string& what) {
    return Error(ErrorCode::kInvalidArgument, what);
  };
  if (asked.empty())
    return wrong("no audience is given; name the service that the token is meant for");
  std::vector<std::string> audiences;
  std::size_t bytes = 0;
  for (const std::string& one : asked) {
    if (one.empty()) return wrong("an audience is empty");
    if (std::ranges::any_of(one, IsControlByte))
      return wrong("an audience has a control character in it");
    if (std::ranges::find(audiences, one) != audiences.end()) continue;
    audiences.push_back(one);
    bytes += one.size();
    if (audiences.size() > kMaxAudiences)
      return wrong("there are more than " + std::to_string(kMaxAudiences) + " audiences");
    if (bytes > kMaxAudienceBytes)
      return wrong("the audiences are longer than " + std::to_string(kMaxAudienceBytes) +
                   " bytes together");
  }
  return audiences;
}

}  // namespace surety
