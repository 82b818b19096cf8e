#include "attestors/running_executable.h"

#include <utility>

namespace surety {

Result<RunningExecutable> OpenRunningExecutable(const ProcessHandle& process) {
  auto file = process.OpenExecutable();
  if (!file) return file.error();
  const auto facts = LookAtFile(file->get(), MountIdKind::kUnique);
  if (!facts) return facts.error();
  return RunningExecutable{*std::move(file), *facts};
}

Result<FileFacts> LookAtRunningExecutable(const ProcessHandle& process) {
  if (const auto* lookable = dynamic_cast<const LookableProcess*>(&process))
    return lookable->LookAtExecutable();
  const auto opened = OpenRunningExecutable(process);
  if (!opened) return opened.error();
  return opened->facts;
}

}  // namespace surety
