#include <unistd.h>

#include <algorithm>
#include <string>

#include "attestors/builtin.h"
#include "attestors/cgroup_attestor.h"
#include "attestors/plugin_attestor.h"
#include "attestors/systemd_attestor.h"
#include "attestors/unix_attestor.h"
#include "tests/contract/attestor_contract.h"
#include "tests/fakes/scripted_plugin.h"
#include "tests/unit/attestors/cgroup_folder.h"

namespace surety::testing {
namespace {

const AttestorCase kUnix{"unix", [] {
                           const auto opener = MakeLinuxProcessOpener();
                           return std::make_unique<UnixAttestor>(UnixAttestorOptions{},
                                                                 SeeHost(*opener));
                         }};
const AttestorCase kCgroup{"cgroup", [] { return std::make_unique<CgroupAttestor>(); }};

// This program, and so what it starts, stands in the cgroup of a unit while it lives.
class InUnit {
 public:
  InUnit() : folder_("contract-" + std::to_string(::getpid()) + ".service") {
    EXPECT_TRUE(folder_.there());
    EXPECT_TRUE(folder_.TakeIn(::getpid()));
  }
  InUnit(const InUnit&) = delete;
  InUnit& operator=(const InUnit&) = delete;
  ~InUnit() {
    const std::string& path = folder_.path();
    const std::string root = path.substr(0, path.size() - folder_.name().size());
    WriteFile(root + "/cgroup.procs", std::to_string(::getpid()));
  }

 private:
  CgroupFolder folder_;
};

// On a host without systemd a function has to speak for it; the cgroups are real.
const AttestorCase kSystemd{
    "systemd", [] {
      static const InUnit kInUnit;
      const auto tell = [](const std::string& cgroup, BootTime, const std::stop_token&) {
        return Result<std::optional<UnitFacts>>(
            UnitFacts{"web.service", "/web.service", "system.slice", cgroup, "0f"});
      };
      return std::make_unique<SystemdAttestor>(SystemdAttestorOptions{}, tell, CgroupLook::OfHost(),
                                               BootNow);
    }};

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

INSTANTIATE_TEST_SUITE_P(Builtin, AttestorContract,
                         ::testing::Values(kUnix, kCgroup, kSystemd, kPlugin),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace surety::testing
