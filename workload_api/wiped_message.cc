#include "workload_api/wiped_message.h"

#include <grpc/slice.h>
#include <string.h>

#include <memory>
#include <utility>
#include <vector>

#include "surety/secret_bytes.h"

namespace surety {
namespace {

// gRPC frees the slice when the last byte is on the wire, which destroys, and
// with that wipes, the bytes.
void DestroySecret(void* secret) {
  std::unique_ptr<SecretBytes>(static_cast<SecretBytes*>(secret));
}

}  // namespace

void Wipe(std::string& secret) { ::explicit_bzero(secret.data(), secret.size()); }

grpc::ByteBuffer WipedMessage(const google::protobuf::MessageLite& message) {
  std::vector<std::uint8_t> bytes(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(bytes.data());
  auto secret = std::make_unique<SecretBytes>(std::move(bytes));
  const auto view = secret->Reveal();
  // gRPC takes a pointer to mutable bytes but never writes to a slice it is given.
  auto* data =
      const_cast<std::uint8_t*>(view.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  const grpc::Slice slice(
      grpc_slice_new_with_user_data(data, view.size(), &DestroySecret, secret.release()),
      grpc::Slice::STEAL_REF);
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace surety
