#include "agent/issuance/der_writer.h"

#include <gtest/gtest.h>

#include "agent/issuance/openssl_handles.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

template <typename Write>
std::string Written(Write write) {
  DerWriter out;
  write(out);
  return std::move(out).bytes();
}

std::string Unsigned(std::string_view big_endian) {
  return Hex(Written([&](DerWriter& out) { out.Unsigned(big_endian); }));
}

std::string TimeAt(std::string_view rfc3339) {
  return Written([&](DerWriter& out) { out.Time(WallAt(rfc3339)); });
}

TEST(DerWriter, LengthTakesTheFewestOctets) {
  const auto head = [](std::size_t size) {
    const std::string der =
        Written([&](DerWriter& out) { out.Value(der::kOctetString, std::string(size, 'x')); });
    EXPECT_EQ(der.substr(der.size() - size), std::string(size, 'x'));
    return Hex(der.substr(0, der.size() - size));
  };
  EXPECT_EQ(head(0), "0400");
  EXPECT_EQ(head(127), "047f");
  EXPECT_EQ(head(128), "048180");
  EXPECT_EQ(head(255), "0481ff");
  EXPECT_EQ(head(256), "04820100");
  EXPECT_EQ(head(65'535), "0482ffff");
  EXPECT_EQ(head(65'536), "0483010000");
}

TEST(DerWriter, NestedLengthsCountWhatTheyHold) {
  const std::string der = Written([](DerWriter& out) {
    out.Nested(der::kSequence, [&] {
      out.Nested(der::kSet, [&] { out.Value(der::kOctetString, std::string(200, 'x')); });
      out.Unsigned("\x05");
    });
  });
  EXPECT_EQ(Hex(der.substr(0, 9)), "3081d13181cb0481c8");
  EXPECT_EQ(Hex(der.substr(der.size() - 3)), "020105");
}

TEST(DerWriter, UnsignedIsShortestAndNeverNegative) {
  EXPECT_EQ(Unsigned(""), "020100");
  EXPECT_EQ(Unsigned(std::string_view("\0", 1)), "020100");
  EXPECT_EQ(Unsigned("\x7f"), "02017f");
  EXPECT_EQ(Unsigned("\x80"), "02020080");
  EXPECT_EQ(Unsigned(std::string_view("\0\0\x01\x02", 4)), "02020102");
}

TEST(DerWriter, BitsAreWholeOctets) {
  EXPECT_EQ(Hex(Written([](DerWriter& out) { out.Bits("ab"); })), "0303006162");
}

TEST(DerWriter, TimeChangesItsFormAtTheEdgesOfRfc5280) {
  EXPECT_EQ(TimeAt("2026-03-04T05:06:07Z"),
            "\x17\x0d"
            "260304050607Z");
  EXPECT_EQ(TimeAt("2049-12-31T23:59:59Z"),
            "\x17\x0d"
            "491231235959Z");
  EXPECT_EQ(TimeAt("2050-01-01T00:00:00Z"),
            "\x18\x0f"
            "20500101000000Z");
  EXPECT_EQ(TimeAt("1950-01-01T00:00:00Z"),
            "\x17\x0d"
            "500101000000Z");
  EXPECT_EQ(TimeAt("1949-12-31T23:59:59Z"),
            "\x18\x0f"
            "19491231235959Z");
  EXPECT_EQ(TimeAt("2000-02-29T00:00:00Z"),
            "\x17\x0d"
            "000229000000Z");
}

TEST(DerWriter, TimeIsRoundedDown) {
  const WallTime late = WallAt("2026-03-04T05:06:07Z") + std::chrono::nanoseconds(999'999'999);
  EXPECT_EQ(Written([&](DerWriter& out) { out.Time(late); }),
            "\x17\x0d"
            "260304050607Z");
}

TEST(DerWriter, HexIsLowerCase) { EXPECT_EQ(Hex(std::string_view("\0\x9f\xff", 3)), "009fff"); }

}  // namespace
}  // namespace surety
