#include "attestors/account_names.h"

#include <gtest/gtest.h>

#include <atomic>

#include "attestors/boot_now.h"
#include "tests/unit/attestors/child_process.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Name = AccountNames::Name;

TEST(AccountDatabase, SystemKnowsRootAndNotNobodysNumber) {
  const auto database = AccountDatabase::System();
  EXPECT_EQ(*database.user(0), Name("root"));
  EXPECT_EQ(*database.group(0), Name("root"));
  EXPECT_EQ(*database.user(4'000'000'001), Name());
  EXPECT_EQ(*database.group(4'000'000'001), Name());
}

TEST(AccountNames, LocalNamesComeWithTheFirstCall) {
  AccountNames names(AccountDatabase::System(), BootNow);
  EXPECT_EQ(*names.User(0, 0, seconds(10)), Name("root"));
  EXPECT_EQ(*names.Group(0, 0, seconds(10)), Name("root"));
  EXPECT_EQ(*names.User(0, 0, milliseconds(0)), Name("root"));
}

TEST(AccountNames, UserAndGroupOfOneNumberAreDifferentQuestions) {
  AccountNames names({[](uid_t) -> Result<Name> { return Name("user"); },
                      [](gid_t) -> Result<Name> { return Name("group"); }},
                     BootNow);
  EXPECT_EQ(*names.User(7, 0, seconds(10)), Name("user"));
  EXPECT_EQ(*names.Group(7, 0, seconds(10)), Name("group"));
}

TEST(AccountNames, HangingServiceHoldsUpOnlyWhoAskedForIt) {
  const auto release = std::make_shared<std::atomic<bool>>(false);
  {
    AccountNames names({[release](uid_t uid) -> Result<Name> {
                          while (uid == 666 && !*release) std::this_thread::yield();
                          return Name("user" + std::to_string(uid));
                        },
                        [](gid_t) -> Result<Name> { return Name(); }},
                       BootNow);
    for (int i = 0; i < 5; ++i)
      EXPECT_EQ(names.User(666, 666, milliseconds(1)).error().code(), ErrorCode::kUnavailable);
    EXPECT_EQ(*names.User(7, 7, seconds(10)), Name("user7"));
    *release = true;
    EXPECT_TRUE(
        testing::Eventually([&] { return names.User(666, 666, milliseconds(1)).has_value(); }));
  }
}

}  // namespace
}  // namespace surety
