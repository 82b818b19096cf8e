#pragma once

#include <unistd.h>

#include <memory>
#include <string>

#include "attestors/cgroup_trees.h"
#include "attestors/container_attestor.h"
#include "attestors/linux_process.h"
#include "tests/unit/attestors/cgroup_folder.h"
#include "tests/unit/attestors/child_process.h"
#include "tests/unit/attestors/engine_server.h"

namespace surety::testing {

/// This program as a container with the label app=web, whose first process it is: so
/// each child of it is one more process in it. Its engine is a server of ours. Runs as
/// root.
class ProgramAsContainer {
 public:
  explicit ProgramAsContainer(const EngineDialect& dialect) : dialect_(dialect) {
    there_ = cgroup_.TakeIn(::getpid());
    server_.Say([id = id_](const std::string&) {
      return HttpAnswer(200, R"({"Id":")" + id + R"(","Name":"web","Image":"d","State":{"Pid":)" +
                                 std::to_string(::getpid()) +
                                 R"(,"StartedAt":"t"},"Config":{"Labels":{"app":"web"}}})");
    });
  }
  ProgramAsContainer(const ProgramAsContainer&) = delete;
  ProgramAsContainer& operator=(const ProgramAsContainer&) = delete;
  ~ProgramAsContainer() {
    const std::string root = top_.path().substr(0, top_.path().rfind('/'));
    WriteFile(root + "/cgroup.procs", std::to_string(::getpid()));
  }

  /// False if it could not be put into its cgroup.
  [[nodiscard]] bool there() const { return there_; }

  [[nodiscard]] std::unique_ptr<Attestor> MakeAttestor() const {
    const std::shared_ptr<ProcessOpener> opener = MakeLinuxProcessOpener();
    const auto trees = std::make_shared<const CgroupTrees>(CgroupTrees::OfHost());
    ContainerAttestorOptions options;
    options.sockets = {{server_.path(), 0}};
    return std::make_unique<ContainerAttestor>(
        dialect_, options, SeeHost(*opener), opener,
        [trees](const CgroupLine& line) { return trees->MadeBy(line); });
  }

 private:
  const EngineDialect& dialect_;
  const std::string id_ = "fedcba9876543210" + std::string(48, '7');
  const Folder folder_;
  const CgroupFolder top_{"surety-contained-" + std::to_string(::getpid())};
  const CgroupFolder cgroup_{top_, id_};
  EngineServer server_{folder_.File("engine.sock")};
  bool there_ = false;
};

}  // namespace surety::testing
