#include "attestors/cgroup_attestor.h"
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

INSTANTIATE_TEST_SUITE_P(Builtin, AttestorContract, ::testing::Values(kUnix, kCgroup),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace surety::testing
