#pragma once

#include <string>
#include <vector>

#include "tests/flow/walk_fixture.h"

namespace surety {

class SessionTest : public WalkTest {
 protected:
  Result<Session::Turn> Turn(std::uint32_t newcomers = 0) {
    return session_.Step(now_, {.svids = true, .bundles = false, .newcomers = newcomers});
  }
  // A turn that is expected to hand something out.
  std::vector<std::string> Serials(std::uint32_t newcomers = 0) {
    const auto turn = Turn(newcomers);
    if (!turn || !turn->svid_update) return {};
    std::vector<std::string> serials;
    for (const auto& svid : turn->svid_update->svids) serials.push_back(svid->serial);
    return serials;
  }
  Session session_{parts(), rules_, peer_};
};

}  // namespace surety
