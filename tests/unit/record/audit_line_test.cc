#include "agent/record/audit_line.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <string>
#include <vector>

namespace surety {
namespace {

AuditHasher Hasher() { return *AuditHasher::Create(); }

std::string LineOf(std::uint64_t seq, std::string_view body, std::string_view decision = {}) {
  std::string out;
  auto hasher = Hasher();
  const auto point = AppendLine(out,
                                {.seq = seq,
                                 .prev = HashText(),
                                 .type = decision.empty() ? "notice" : "decision",
                                 .decision = decision},
                                body, hasher);
  EXPECT_TRUE(point);
  return out;
}

// SHA-256 from the library's other interface.
std::string Sha256(const std::string& text) { return *Sha256Hex(text); }

TEST(AuditLine, IsWhatTheDocumentSays) {
  const std::string line = LineOf(17, R"("a":1)", "0a1b2c3d-17");
  const std::string hashed = R"({"seq":17,"prev":")" + std::string(64, '0') +
                             R"(","type":"decision","decision":"0a1b2c3d-17","a":1})";
  const std::string hash = Sha256(std::string(1, '\0') + hashed);
  EXPECT_EQ(line, hashed.substr(0, hashed.size() - 1) + R"(,"hash":")" + hash + "\"}\n");
}

TEST(AuditLine, KnownHash) {
  // printf '\0{}' | sha256sum
  auto hasher = Hasher();
  EXPECT_EQ(hasher.OfLine("{")->view(),
            "28a3a18f6cd6406b086e9ffda1f9b8a13dbcf44b0f3f32cb9031a11fd053acf9");
}

TEST(AuditLine, FramesReadBack) {
  const std::string line = LineOf(17, R"("a":1)", "0a1b2c3d-17");
  const auto frame = ReadFrame(std::string_view(line).substr(0, line.size() - 1));
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->seq, 17U);
  EXPECT_EQ(frame->prev, std::string(64, '0'));
  EXPECT_EQ(frame->type, "decision");
  auto hasher = Hasher();
  EXPECT_EQ(hasher.OfLine(frame->before_hash)->view(), frame->hash);
}

TEST(AuditLine, NothingElseIsAFrame) {
  const std::string line = LineOf(17, R"("a":1)");
  const std::string good = line.substr(0, line.size() - 1);
  ASSERT_TRUE(ReadFrame(good));
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(ReadFrame(good.substr(0, length))) << length;
  for (const std::string& other : std::vector<std::string>{
           line, " " + good, good + " ", "{}", "{\"seq\":017" + good.substr(9),
           "{\"seq\":0" + good.substr(9), "{\"seq\":-1" + good.substr(9),
           "{\"seq\":99999999999999999999999" + good.substr(9), "{\"seq\":" + good.substr(9)})
    EXPECT_FALSE(ReadFrame(other)) << other;
}

// Also one that changes a letter's case only, which a lenient reader would not see.
TEST(AuditLine, AnyFlippedBitIsSeen) {
  const std::string line = LineOf(17, R"("a":"ABCdef")", "0a1b2c3d-17");
  const std::string good = line.substr(0, line.size() - 1);
  auto hasher = Hasher();
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = good;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      const auto frame = ReadFrame(changed);
      ASSERT_FALSE(frame && hasher.OfLine(frame->before_hash)->view() == frame->hash) << changed;
    }
  }
}

TEST(AuditLine, TooLongIsRefusedAndLeavesTheBufferAsItWas) {
  std::string out = "before";
  auto hasher = Hasher();
  const LineHead head{.seq = 1, .prev = HashText(), .type = "notice"};
  const std::string body(kLongestLine, 'x');
  const auto point = AppendLine(out, head, body, hasher);
  ASSERT_FALSE(point);
  EXPECT_EQ(point.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(out, "before");
  // The longest that fits is a line of exactly the bound.
  for (std::size_t size = kLongestLine; size > 0; --size) {
    out.clear();
    if (!AppendLine(out, head, std::string_view(body).substr(0, size), hasher)) continue;
    EXPECT_EQ(out.size(), kLongestLine);
    break;
  }
}

}  // namespace
}  // namespace surety
