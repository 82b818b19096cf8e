#include "attestors/builtin.h"
#include "attestors/cgroup_attestor.h"
#include "attestors/plugin_attestor.h"
#include "attestors/unix_attestor.h"
#include "tests/contract/attestor_contract.h"
#include "tests/fakes/scripted_plugin.h"

namespace surety::testing {
namespace {

const AttestorCase kUnix{"unix", [] {
                           const auto opener = MakeLinuxProcessOpener();
                           return std::make_unique<UnixAttestor>(UnixAttestorOptions{},
                                                                 SeeHost(*opener));
                         }};
const AttestorCase kCgroup{"cgroup", [] { return std::make_unique<CgroupAttestor>(); }};

// A plug-in that answers itself: what reaches one over a socket is in tests/interop.
const AttestorCase kPlugin{
    "scripted", [] {
      return std::make_unique<PluginAttestor>(
          std::make_shared<SupervisedPlugin>(PluginSettings{.name = "scripted"},
                                             std::make_unique<fakes::ScriptedPlugin>(), BootNow),
          std::make_shared<WorkerPool>(WorkerPool::Limits{}), "boot", BootNow);
    }};

TEST(BuiltinAttestors, NoPluginCanHaveTheirNames) {
  for (const auto& attestor : BuiltinAttestors({}))
    EXPECT_NE(std::ranges::find(kReservedSelectorTypes, attestor->name()),
              kReservedSelectorTypes.end())
        << attestor->name();
}

INSTANTIATE_TEST_SUITE_P(Builtin, AttestorContract, ::testing::Values(kUnix, kCgroup, kPlugin),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace surety::testing
