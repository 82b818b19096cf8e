#pragma once

#include <string>
#include <vector>

#include "conformance/token.h"

namespace conformance {

/// A token that nobody may believe, and what is wrong with it.
struct ForgedToken {
  std::string name;
  std::string text;
};

/// Made from `real`, a token that is believed, whose text is `text`: altered claims, other
/// algorithms, a stranger's signature, bytes that do not belong there. `jwk` is the key
/// that verifies it.
std::vector<ForgedToken> Forge(const Token& real, const std::string& text,
                               const nlohmann::json& jwk);

/// A well-made token of a trust domain that the server cannot know.
ForgedToken ForeignToken(const Token& real);

}  // namespace conformance
