#include "attestors/container_cgroup.h"

#include <gtest/gtest.h>

namespace surety {
namespace {

using Engine = ContainerEngine;

const std::string kId(64, 'a');
const std::string kOther = "0123456789abcdef" + std::string(48, '7');

struct Form {
  std::string path;
  Engine engine;
};

TEST(FindContainerCgroup, KnowsEveryEnginesForms) {
  const std::vector<Form> forms = {
      {"/docker/" + kId, Engine::kDocker},
      {"/system.slice/docker-" + kId + ".scope", Engine::kDocker},
      {"/libpod_parent/libpod-" + kId, Engine::kPodman},
      {"/system.slice/web.service/libpod-payload-" + kId, Engine::kPodman},
      {"/machine.slice/libpod-" + kId + ".scope", Engine::kPodman},
      {"/kubepods/besteffort/pod12ab/" + kId, Engine::kAny},
      {"/kubepods/pod12ab/" + kId, Engine::kAny},
      {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-" +
           kId + ".scope",
       Engine::kContainerd},
      {"/kubepods.slice/kubepods-pod1_2.slice/crio-" + kId + ".scope", Engine::kCrio},
      {"/kubepods/burstable/pod12ab/crio-" + kId, Engine::kCrio},
      {"/system.slice/containerd.service/kubepods-besteffort-pod1_2.slice:cri-containerd:" + kId,
       Engine::kContainerd},
      {"/system.slice/nerdctl-" + kId + ".scope", Engine::kContainerd},
      {"/k8s.io/" + kId, Engine::kContainerd},
      {"/of.our.own/" + kId, Engine::kAny},
      {"/" + kId, Engine::kAny},
  };
  for (const auto& form : forms) {
    const auto found = FindContainerCgroup(form.path);
    ASSERT_TRUE(found) << form.path;
    EXPECT_EQ(found->id, kId) << form.path;
    EXPECT_EQ(found->engine, form.engine) << form.path;
    EXPECT_EQ(found->path, form.path);
  }
}

TEST(FindContainerCgroup, CgroupBelowAContainerIsInIt) {
  const std::string scope = "/machine.slice/libpod-" + kId + ".scope";
  EXPECT_EQ(FindContainerCgroup(scope + "/container")->path, scope);
  EXPECT_EQ(FindContainerCgroup("/docker/" + kId + "/system.slice/web.service")->path,
            "/docker/" + kId);
}

TEST(FindContainerCgroup, InnermostOfNestedOnesCounts) {
  EXPECT_EQ(FindContainerCgroup("/docker/" + kId + "/docker/" + kOther)->id, kOther);
}

TEST(FindContainerCgroup, MonitorsAndOtherCgroupsAreNoContainers) {
  for (const auto& path : {
           "/machine.slice/libpod-conmon-" + kId + ".scope",
           "/libpod_parent/libpod-conmon-" + kId,
           "/kubepods.slice/crio-conmon-" + kId + ".scope",
           "/system.slice/web-" + kId + ".service",
           std::string("/system.slice/docker.service"),
           std::string("/default/web"),
           std::string("/kubepods/besteffort/pod12ab"),
           "/docker/" + kId.substr(1),
           "/docker/" + kId + "a",
           "/docker/" + std::string(64, 'A'),
           "/docker/" + std::string(64, 'g'),
           "/docker/docker-" + kId + "-x.scope",
           "/x:evil:" + kId,
       })
    EXPECT_FALSE(FindContainerCgroup(path)) << path;
}

TEST(FindContainerCgroup, NotKnowableFromHere) {
  for (const auto& path :
       {std::string("/"), std::string("/.."), std::string("/../.."), "/../docker/" + kId,
        "/../../docker-" + kId + ".scope", std::string(), "docker/" + kId})
    EXPECT_FALSE(FindContainerCgroup(path)) << path;
  // A name that only begins like that is a name.
  EXPECT_TRUE(FindContainerCgroup("/..a/" + kId));
}

TEST(PlainContainerdCgroup, IsAnyCgroupOfTwoParts) {
  const auto found = PlainContainerdCgroup("/default/web-1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->space, "default");
  EXPECT_EQ(found->id, "web-1");
  EXPECT_EQ(found->engine, Engine::kContainerd);
  for (const char* path : {"/", "/a", "/a/", "//a", "/a/b/c", "/../b", "a/b", ""})
    EXPECT_FALSE(PlainContainerdCgroup(path)) << path;
}

TEST(FindPodUid, ReadsBothSpellings) {
  const std::string uid = "0f3a1b2c-1111-2222-3333-444455556666";
  EXPECT_EQ(FindPodUid("/kubepods/besteffort/pod" + uid + "/" + kId), uid);
  EXPECT_EQ(FindPodUid("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-"
                       "pod0f3a1b2c_1111_2222_3333_444455556666.slice/crio-" +
                       kId + ".scope"),
            uid);
  EXPECT_EQ(FindPodUid("/system.slice/containerd.service/kubepods-besteffort-"
                       "pod0f3a1b2c_1111_2222_3333_444455556666.slice:cri-containerd:" +
                       kId),
            uid);
  for (const char* path : {"/", "/podman", "/libpod_parent", "/pod", "/user.slice", "/../podab"})
    EXPECT_FALSE(FindPodUid(path)) << path;
}

}  // namespace
}  // namespace surety
