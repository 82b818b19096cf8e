#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <string>
#include <string_view>

#include "workload_api/secret_selection.h"

namespace surety {

inline constexpr std::string_view kSecretType =
    "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

/// A DiscoveryResponse, serialised. It may hold private keys: its memory, and what it
/// was made from, is wiped when it is freed.
grpc::ByteBuffer SecretsMessage(const ChosenSecrets& secrets, const std::string& nonce);

}  // namespace surety
