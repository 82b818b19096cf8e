#include "tests/unit/attestors/fuse_server.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace surety::testing {
namespace {

constexpr std::uint64_t kRoot = FUSE_ROOT_ID;
constexpr std::uint64_t kExe = 2;
constexpr std::uint64_t kForAMinute = 60;

template <typename T>
std::span<const char> BytesOf(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

fuse_attr Attributes(std::uint64_t node, std::size_t size) {
  fuse_attr out{};
  out.ino = node;
  out.size = node == kExe ? size : 0;
  out.mode = node == kExe ? S_IFREG | 0755U : S_IFDIR | 0755U;
  out.nlink = 1;
  out.mtime = out.ctime = 1'000'000;
  out.ctimensec = 1;
  out.blksize = 4096;
  return out;
}

}  // namespace

FuseServer::FuseServer(std::string at, std::string contents)
    : at_(std::move(at)),
      contents_(std::move(contents)),
      device_(::open("/dev/fuse", O_RDWR | O_CLOEXEC)) {
  const std::string options =
      "fd=" + std::to_string(device_.get()) + ",rootmode=40000,user_id=0,group_id=0,allow_other";
  ok_ = ::mount("surety-test", at_.c_str(), "fuse", 0, options.c_str()) == 0;
  if (ok_) thread_ = std::thread([this] { Serve(); });
}

FuseServer::~FuseServer() {
  if (!ok_) return;
  LetGo();
  ok_ = false;
  thread_.join();
}

void FuseServer::LetGo() { ::umount2(at_.c_str(), MNT_DETACH | MNT_FORCE); }

void FuseServer::Serve() {
  std::vector<char> request(1U << 20U);
  for (;;) {
    pollfd watched{device_.get(), POLLIN, 0};
    if (::poll(&watched, 1, 1000) <= 0) continue;
    const ssize_t got = ::read(device_.get(), request.data(), request.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT)) continue;
    if (got < 0) return;  // ENODEV: unmounted.
    Answer({request.data(), static_cast<std::size_t>(got)});
  }
}

void FuseServer::Send(std::uint64_t unique, int error, std::span<const char> body) {
  fuse_out_header header{};
  header.len = static_cast<std::uint32_t>(sizeof header + body.size());
  header.error = -error;
  header.unique = unique;
  std::array<iovec, 2> parts{
      {{&header, sizeof header}, {const_cast<char*>(body.data()), body.size()}}};
  [[maybe_unused]] const auto sent = ::writev(device_.get(), parts.data(), body.empty() ? 1 : 2);
}

void FuseServer::Answer(std::span<const char> request) {
  fuse_in_header header{};
  std::memcpy(&header, request.data(), sizeof header);
  const auto body = request.subspan(sizeof header);
  if (hanging_ &&
      (header.opcode == FUSE_READ || header.opcode == FUSE_OPEN || header.opcode == FUSE_STATFS)) {
    ++unanswered_;
    return;
  }
  switch (header.opcode) {
    case FUSE_INIT: {
      fuse_init_out out{};
      out.major = FUSE_KERNEL_VERSION;
      out.minor = 31;
      out.max_write = 4096;
      out.max_readahead = 65536;
      return Send(header.unique, 0, BytesOf(out));
    }
    case FUSE_LOOKUP: {
      if (std::string_view(body.data()) != "exe") return Send(header.unique, ENOENT, {});
      fuse_entry_out out{};
      out.nodeid = kExe;
      out.entry_valid = out.attr_valid = kForAMinute;
      out.attr = Attributes(kExe, contents_.size());
      return Send(header.unique, 0, BytesOf(out));
    }
    case FUSE_GETATTR: {
      fuse_attr_out out{};
      out.attr_valid = kForAMinute;
      out.attr = Attributes(header.nodeid == kRoot ? kRoot : kExe, contents_.size());
      return Send(header.unique, 0, BytesOf(out));
    }
    case FUSE_OPEN: return Send(header.unique, 0, BytesOf(fuse_open_out{}));
    case FUSE_READ: {
      fuse_read_in in{};
      std::memcpy(&in, body.data(), sizeof in);
      const std::size_t from = std::min<std::size_t>(in.offset, contents_.size());
      const std::size_t length = std::min<std::size_t>(in.size, contents_.size() - from);
      return Send(header.unique, 0, {contents_.data() + from, length});
    }
    case FUSE_STATFS: return Send(header.unique, 0, BytesOf(fuse_statfs_out{}));
    case FUSE_FLUSH:
    case FUSE_RELEASE:
    case FUSE_ACCESS: return Send(header.unique, 0, {});
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT: return;
    default: return Send(header.unique, ENOSYS, {});
  }
}

}  // namespace surety::testing
