#include "attestors/namespaces.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "attestors/host_view.h"
#include "attestors/linux_process.h"
#include "tests/fakes/fake_process.h"

namespace surety {
namespace {

using Kind = NamespaceKind;

Namespaces All(std::uint64_t first) {
  Namespaces out;
  for (std::size_t i = 0; i < kNamespaceNames.size(); ++i) out.Set(static_cast<Kind>(i), first + i);
  return out;
}

TEST(Namespaces, SharesSaysYesNoOrNotKnown) {
  const auto host = All(1);
  auto other = host;
  EXPECT_EQ(other.Shares(Kind::kNet, host), true);
  other.Set(Kind::kNet, 99);
  EXPECT_EQ(other.Shares(Kind::kNet, host), false);
  EXPECT_EQ(Namespaces().Shares(Kind::kNet, host), std::nullopt);
  EXPECT_EQ(host.Shares(Kind::kNet, Namespaces()), std::nullopt);
}

TEST(Namespaces, ContainerNeedsPidOrUserOrMountWithCgroup) {
  const auto host = All(1);
  const auto with = [&](std::initializer_list<Kind> changed) {
    auto own = host;
    for (const Kind kind : changed) own.Set(kind, 99);
    return own.InContainer(host);
  };
  EXPECT_EQ(with({}), false);
  EXPECT_EQ(with({Kind::kMnt}), false);
  EXPECT_EQ(with({Kind::kCgroup}), false);
  EXPECT_EQ(with({Kind::kNet, Kind::kUts, Kind::kIpc, Kind::kTime, Kind::kMnt}), false);
  EXPECT_EQ(with({Kind::kMnt, Kind::kCgroup}), true);
  EXPECT_EQ(with({Kind::kPid}), true);
  EXPECT_EQ(with({Kind::kUser}), true);
  EXPECT_EQ(Namespaces().InContainer(host), std::nullopt);
}

TEST(ReadNamespaces, MalformedLinkIsAFailureAndNotAValue) {
  FakeProcess process;
  process.SetLink("ns/mnt", std::string("net:[5]"));
  const auto look = ReadNamespaces(process);
  ASSERT_TRUE(look);
  EXPECT_TRUE(look->failed);
  EXPECT_EQ(look->namespaces.Get(Kind::kMnt), std::nullopt);
}

TEST(SeeHost, KnowsEveryKindThatOurOwnProcessHas) {
  const auto opener = MakeLinuxProcessOpener();
  const auto host = SeeHost(*opener);
  const auto self = ReadNamespaces(**opener->OpenByPid(::getpid()));
  ASSERT_TRUE(self);
  for (std::size_t i = 0; i < kNamespaceNames.size(); ++i) {
    const auto kind = static_cast<Kind>(i);
    EXPECT_EQ(host.namespaces.Get(kind).has_value(), self->namespaces.Get(kind).has_value());
  }
  EXPECT_TRUE(host.root);
  EXPECT_FALSE(host.mount_owners.empty());
  EXPECT_NE(host.memfd_device, 0U);
}

}  // namespace
}  // namespace surety
