#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>

#include <string>

namespace surety {

/// Serialises a message that holds secrets: gRPC's memory for it is wiped when the last
/// byte is on the wire. The message itself is the caller's to wipe.
grpc::ByteBuffer WipedMessage(const google::protobuf::MessageLite& message);

void Wipe(std::string& secret);

}  // namespace surety
