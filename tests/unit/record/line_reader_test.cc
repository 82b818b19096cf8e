#include "agent/record/line_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "surety/unique_fd.h"
#include "tests/unit/record/record_support.h"

namespace surety {
namespace {

class LineReaderTest : public testing::Test {
 protected:
  LineReader Reader(const std::string& text, std::size_t longest = 100,
                    std::uint64_t end = UINT64_MAX) {
    WriteAll(path_, text);
    file_.Reset(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    return {file_.get(), "file", end, longest};
  }
  static std::vector<std::string> Rest(LineReader& reader) {
    std::vector<std::string> lines;
    while (true) {
      const auto line = reader.Next();
      if (!line || !*line) return lines;
      lines.emplace_back((*line)->too_long ? "long" : (*line)->text);
    }
  }

  ScratchFolder folder_;
  std::string path_ = folder_ / "file";
  UniqueFd file_;
};

TEST_F(LineReaderTest, GivesWholeLines) {
  auto reader = Reader("a\n\nbc\n");
  EXPECT_EQ(Rest(reader), (std::vector<std::string>{"a", "", "bc"}));
  EXPECT_EQ(reader.offset(), 6U);
  EXPECT_EQ(reader.unfinished(), 0U);
}

TEST_F(LineReaderTest, CountsWhatHasNoNewlineAndReadsOnWhenItComes) {
  auto reader = Reader("a\nbc");
  EXPECT_EQ(Rest(reader), (std::vector<std::string>{"a"}));
  EXPECT_EQ(reader.unfinished(), 2U);
  EXPECT_EQ(reader.offset(), 2U);
  std::ofstream(path_, std::ios::app) << "d\ne";
  EXPECT_EQ(Rest(reader), (std::vector<std::string>{"bcd"}));
  EXPECT_EQ(reader.unfinished(), 1U);
}

TEST_F(LineReaderTest, StopsWhereItIsTold) {
  auto reader = Reader("a\nb\nc\n", 100, 3);
  EXPECT_EQ(Rest(reader), (std::vector<std::string>{"a"}));
  EXPECT_EQ(reader.unfinished(), 1U);
  reader.SetEnd(6);
  EXPECT_EQ(Rest(reader), (std::vector<std::string>{"b", "c"}));
}

TEST_F(LineReaderTest, PassesOverLinesThatAreTooLong) {
  auto reader = Reader("a\n" + std::string(3'000'000, 'x') + "\nb\n" + std::string(100, 'y') +
                       "\n" + std::string(99, 'z') + "\n");
  EXPECT_EQ(Rest(reader),
            (std::vector<std::string>{"a", "long", "b", "long", std::string(99, 'z')}));
  EXPECT_EQ(reader.unfinished(), 0U);
}

TEST_F(LineReaderTest, NumbersLines) {
  auto reader = Reader("a\n" + std::string(500'000, 'x') + "\nb\n");
  std::vector<std::uint64_t> numbers;
  for (auto line = reader.Next(); line && *line; line = reader.Next())
    numbers.push_back((*line)->number);
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST_F(LineReaderTest, ManyLinesAcrossManyReads) {
  std::string text;
  std::vector<std::string> expected;
  for (int i = 0; i < 20'000; ++i) {
    expected.push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i % 90), 'x'));
    text += expected.back() + "\n";
  }
  auto reader = Reader(text);
  EXPECT_EQ(Rest(reader), expected);
}

TEST_F(LineReaderTest, SaysWhatCannotBeRead) {
  LineReader reader(-1, "/the/file", 10, 10);
  const auto line = reader.Next();
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(line.error().Text().find("/the/file"), std::string::npos);
}

}  // namespace
}  // namespace surety
