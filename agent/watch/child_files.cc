#include "agent/watch/child_files.h"

#include <charconv>
#include <filesystem>
#include <string>
#include <string_view>

namespace surety {
namespace {

constexpr std::size_t kMostThreads = 256;
constexpr std::size_t kLongestPid = 11;  // With the space behind it.

std::vector<std::string> ThreadsOf(pid_t pid) {
  std::vector<std::string> threads;
  std::error_code error;
  std::filesystem::directory_iterator at("/proc/" + std::to_string(pid) + "/task", error);
  while (!error && at != std::filesystem::directory_iterator() && threads.size() < kMostThreads) {
    threads.push_back(at->path().filename().string());
    at.increment(error);
  }
  return threads;
}

void Append(std::string_view text, std::size_t most, std::vector<pid_t>& children) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end && children.size() < most) {
    pid_t pid = 0;
    const auto [next, error] = std::from_chars(at, end, pid);
    if (error != std::errc() || pid <= 0) return;
    children.push_back(pid);
    at = next != end && *next == ' ' ? next + 1 : next;
  }
}

}  // namespace

// The threads are listed by pid; the files are read through the handle, which
// fails once the process has exited, so that no later one answers for it.
std::vector<pid_t> ReadChildren(const ProcessHandle& process, std::size_t most) {
  std::vector<pid_t> children;
  for (const auto& thread : ThreadsOf(process.key().pid)) {
    const auto text =
        process.ReadFile("task/" + thread + "/children", (most + 1) * kLongestPid + 4096);
    if (text) Append(*text, most, children);
  }
  if (!process.IsAlive()) children.clear();
  return children;
}

}  // namespace surety
