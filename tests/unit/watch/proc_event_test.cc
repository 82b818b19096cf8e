#include "agent/watch/proc_event.h"

#include <gtest/gtest.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>

#include <cstddef>
#include <cstring>

namespace surety {
namespace {

// The kernel's own structures say where things stand.
static_assert(ProcEventOffset::kLength == offsetof(nlmsghdr, nlmsg_len));
static_assert(ProcEventOffset::kIndex == NLMSG_HDRLEN + offsetof(cn_msg, id));
static_assert(ProcEventOffset::kAcknowledges == NLMSG_HDRLEN + offsetof(cn_msg, ack));
constexpr std::size_t kEvent = NLMSG_HDRLEN + sizeof(cn_msg);
static_assert(ProcEventOffset::kType == kEvent + offsetof(proc_event, what));
static_assert(ProcEventOffset::kThread ==
              kEvent + offsetof(proc_event, event_data.exec.process_pid));
static_assert(ProcEventOffset::kProcess ==
              kEvent + offsetof(proc_event, event_data.exec.process_tgid));
static_assert(ProcEventOffset::kProcess ==
              kEvent + offsetof(proc_event, event_data.fork.parent_tgid));
static_assert(ProcEventOffset::kProcess ==
              kEvent + offsetof(proc_event, event_data.ptrace.process_tgid));
static_assert(ProcEventOffset::kTracer ==
              kEvent + offsetof(proc_event, event_data.ptrace.tracer_pid));
static_assert(ProcEventOffset::kChildThread ==
              kEvent + offsetof(proc_event, event_data.fork.child_pid));
static_assert(ProcEventOffset::kChildProcess ==
              kEvent + offsetof(proc_event, event_data.fork.child_tgid));

std::string Message(std::uint32_t type, std::array<std::uint32_t, 4> data,
                    std::uint32_t acknowledges = 0) {
  std::string text(kEvent + sizeof(proc_event), '\0');
  const auto put = [&text](std::size_t offset, std::uint32_t value) {
    std::memcpy(text.data() + offset, &value, sizeof value);
  };
  put(0, static_cast<std::uint32_t>(text.size()));
  put(ProcEventOffset::kIndex, CN_IDX_PROC);
  put(ProcEventOffset::kAcknowledges, acknowledges);
  put(ProcEventOffset::kType, type);
  for (std::size_t i = 0; i < data.size(); ++i) put(ProcEventOffset::kThread + 4 * i, data.at(i));
  return text;
}

TEST(ProcEvent, ReadsWhatHappenedToAProcess) {
  for (const std::uint32_t type : {0x2U, 0x4U, 0x40U, 0x80U, 0x100U, 0x200U}) {
    const auto event = ParseProcEvent(Message(type, {12, 11, 5, 6}));
    ASSERT_TRUE(event) << type;
    EXPECT_EQ(static_cast<std::uint32_t>(event->type), type);
    EXPECT_EQ(event->thread, 12);
    EXPECT_EQ(event->process, 11);
    EXPECT_EQ(event->tracer, type == 0x100U ? 5 : 0);
  }
}

TEST(ProcEvent, ReadsAFork) {
  const auto event = ParseProcEvent(Message(0x1, {12, 11, 22, 21}));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, ProcEventType::kFork);
  EXPECT_EQ(event->parent, 11);
  EXPECT_EQ(event->thread, 22);
  EXPECT_EQ(event->process, 21);
}

TEST(ProcEvent, ReadsAnAcknowledgement) {
  const auto event = ParseProcEvent(Message(0, {13, 0, 0, 0}, 77));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, ProcEventType::kAcknowledgement);
  EXPECT_EQ(event->acknowledges, 77U);
  EXPECT_EQ(event->error, 13U);
}

TEST(ProcEvent, RefusesWhatIsNoEvent) {
  EXPECT_FALSE(ParseProcEvent(Message(0x80000000, {1, 1, 0, 0})));
  EXPECT_FALSE(ParseProcEvent(Message(0x3, {1, 1, 0, 0})));
  auto other = Message(0x2, {1, 1, 0, 0});
  other[ProcEventOffset::kIndex] = 9;
  EXPECT_FALSE(ParseProcEvent(other));
}

TEST(ProcEvent, RefusesWhatIsCutShort) {
  const auto whole = Message(0x2, {1, 1, 0, 0});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(ParseProcEvent(std::string_view(whole).substr(0, size))) << size;
  EXPECT_TRUE(ParseProcEvent(whole));
}

}  // namespace
}  // namespace surety
