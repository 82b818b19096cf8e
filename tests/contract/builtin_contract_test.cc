#include "attestors/cgroup_attestor.h"
#include "attestors/systemd_attestor.h"
#include "attestors/unix_attestor.h"
#include "tests/contract/attestor_contract.h"

namespace surety::testing {
namespace {

const AttestorCase kUnix{"unix", [] {
                           const auto opener = MakeLinuxProcessOpener();
                           return std::make_unique<UnixAttestor>(UnixAttestorOptions{},
                                                                 SeeHost(*opener));
                         }};
const AttestorCase kCgroup{"cgroup", [] { return std::make_unique<CgroupAttestor>(); }};

// Processes of a test are in no unit, so that their cgroups are put in: one of a
// service, which systemd is quick to tell.
const AttestorCase kSystemd{
    "systemd", [] {
      const auto tell = [](const std::string& cgroup, BootTime, const std::stop_token&) {
        return Result<std::optional<UnitFacts>>(
            UnitFacts{"web.service", "/web.service", "system.slice", cgroup, "0f"});
      };
      const CgroupLook look{[](const CgroupLine&) -> Result<std::string_view> {
                              return std::string_view("/system.slice/web.service");
                            },
                            [](std::string_view, std::string_view) { return Result<std::uint64_t>(1U); }};
      return std::make_unique<SystemdAttestor>(SystemdAttestorOptions{}, tell, look, BootNow);
    }};

INSTANTIATE_TEST_SUITE_P(Builtin, AttestorContract, ::testing::Values(kUnix, kCgroup, kSystemd),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace surety::testing
