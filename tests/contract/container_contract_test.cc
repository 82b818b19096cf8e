#include "tests/contract/attestor_contract.h"
#include "tests/unit/attestors/program_as_container.h"

namespace surety::testing {
namespace {

const AttestorCase kDocker{"docker", [] {
                             static const ProgramAsContainer container(DockerDialect());
                             return container.MakeAttestor();
                           }};
const AttestorCase kPodman{"podman", [] {
                             static const ProgramAsContainer container(PodmanDialect());
                             return container.MakeAttestor();
                           }};

INSTANTIATE_TEST_SUITE_P(Containers, AttestorContract, ::testing::Values(kDocker, kPodman),
                         [](const auto& param) { return param.param.name; });

// Or the contract would be kept by an attestor that finds nothing.
TEST(ContainerContract, CasesAreAboutProcessesInAContainer) {
  const auto opener = MakeLinuxProcessOpener();
  for (const auto& one : {kDocker, kPodman}) {
    const auto attestor = one.make();
    const auto child = Child::Running({"/bin/sleep", "600"});
    const auto process = opener->OpenByPid(child.pid());
    EXPECT_TRUE(Eventually([&] {
      const auto seen = attestor->Attest({*process, 0, 0, 1}, BootNow() + std::chrono::seconds(1));
      return seen && seen->selectors.Contains({one.name, "label:app:web"});
    }));
  }
}

}  // namespace
}  // namespace surety::testing
