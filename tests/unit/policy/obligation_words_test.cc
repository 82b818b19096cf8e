#include "agent/policy/obligation_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Obligations Read(const std::vector<std::string>& words) {
  Obligations out;
  for (const auto& word : words) EXPECT_TRUE(AddObligation(word, out)) << word;
  return out;
}

TEST(ObligationWords, SayWhatIsToBeDone) {
  EXPECT_THAT(WordsOf({}), IsEmpty());
  EXPECT_THAT(WordsOf({.ttl_cap = Seconds(300), .revoke = true, .alert = true}),
              ElementsAre("revoke", "alert", "ttl_cap 5m"));
}

TEST(ObligationWords, AQuarantineRevokesAndAlerts) {
  const Obligations hour = Read({"quarantine 1h"});
  EXPECT_EQ(hour, (Obligations{.ttl_cap = {},
                               .revoke = true,
                               .quarantine = true,
                               .quarantine_for = Seconds(3'600),
                               .alert = true}));
  EXPECT_THAT(WordsOf(hour), ElementsAre("quarantine 1h"));
  EXPECT_EQ(Read({"quarantine"}).quarantine_for, std::nullopt);
  EXPECT_THAT(WordsOf(Read({"quarantine"})), ElementsAre("quarantine"));
}

TEST(ObligationWords, AreReadBack) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"revoke"}, {"alert"}, {"revoke", "alert", "ttl_cap 90s"}}) {
    const Obligations read = Read(words);
    EXPECT_EQ(Read(WordsOf(read)), read);
  }
}

TEST(ObligationWords, OthersSayNothing) {
  for (const char* word : {"", "revok", "ttl_cap", "ttl_cap x", "quarantine ", "quarantine 1x",
                           "revoke 1h", "alert now"}) {
    Obligations out;
    EXPECT_FALSE(AddObligation(word, out)) << word;
    EXPECT_EQ(out, Obligations()) << word;
  }
}

}  // namespace
}  // namespace surety
