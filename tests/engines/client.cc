// A workload that fits into any container: one static program. It connects to the
// Workload API, gives that connection to the test, which speaks on it, and lives
// until the test lets go of it or kills it. To the kernel, and so to the daemon, the
// caller is this process.
//
//   engine_client WORKLOAD_SOCKET CONTROL_SOCKET
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string_view>

namespace {

int ConnectTo(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int connection = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const int failed =
      ::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  return failed == 0 ? connection : -1;
}

bool Give(int control, int connection) {
  char byte = '!';
  iovec data{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> space{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = space.data();
  message.msg_controllen = space.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &connection, sizeof(connection));
  return ::sendmsg(control, &message, 0) == 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int connection = ConnectTo(argv[1]);
  const int control = ConnectTo(argv[2]);
  if (connection < 0 || control < 0 || !Give(control, connection)) return 1;
  char byte = 0;
  while (::read(control, &byte, 1) > 0) continue;
  return 0;
}
