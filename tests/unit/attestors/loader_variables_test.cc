#include "attestors/loader_variables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace surety {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(FindLoaderVariables, FindsThoseThatAreSetInAFixedOrder) {
  EXPECT_THAT(FindLoaderVariables("LD_PRELOAD=/x.so\0PATH=/bin\0GCONV_PATH=/g\0LD_AUDIT=a\0"
                                  "LD_LIBRARY_PATH=.\0"s),
              ElementsAre("GCONV_PATH", "LD_AUDIT", "LD_LIBRARY_PATH", "LD_PRELOAD"));
}

TEST(FindLoaderVariables, EmptyOnesAndOtherNamesDoNotCount) {
  EXPECT_THAT(FindLoaderVariables("LD_PRELOAD=\0LD_PRELOAD\0xLD_PRELOAD=a\0LD_PRELOADx=a\0"
                                  "ld_preload=a\0 LD_PRELOAD=a\0PATH=LD_PRELOAD=a\0"s),
              IsEmpty());
  EXPECT_THAT(FindLoaderVariables(""), IsEmpty());
  EXPECT_THAT(FindLoaderVariables("\0\0\0"s), IsEmpty());
}

TEST(FindLoaderVariables, AnyOfSeveralValuesCounts) {
  EXPECT_THAT(FindLoaderVariables("LD_PRELOAD=\0LD_PRELOAD=/x.so\0"s), ElementsAre("LD_PRELOAD"));
  EXPECT_THAT(FindLoaderVariables("LD_PRELOAD=/x.so\0LD_PRELOAD=\0"s), ElementsAre("LD_PRELOAD"));
}

TEST(FindLoaderVariables, ReadsOnWhereATitleWasWrittenOverIt) {
  EXPECT_THAT(FindLoaderVariables("nginx: worker process\0\0\0\0LD_AUDIT=/x\0"s),
              ElementsAre("LD_AUDIT"));
  // The last string need not have an end.
  EXPECT_THAT(FindLoaderVariables("PATH=/bin\0LD_AUDIT=/x"s), ElementsAre("LD_AUDIT"));
}

}  // namespace
}  // namespace surety
