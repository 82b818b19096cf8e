#pragma once

#include <grpcpp/support/byte_buffer.h>

#include "surety/bundle.h"
#include "surety/session.h"

namespace surety {

/// An X509SVIDResponse, serialised. It holds private keys: its memory, and what
/// it was made from, is wiped when it is freed.
grpc::ByteBuffer X509SvidMessage(const SvidUpdate& update);

/// An X509BundlesResponse, serialised.
grpc::ByteBuffer X509BundlesMessage(const BundleSet& bundles);

/// A JWTSVIDResponse, serialised. It holds tokens, which are as secret as keys: likewise.
grpc::ByteBuffer JwtSvidMessage(const std::vector<JwtSvid>& tokens);

/// A JWTBundlesResponse, serialised.
grpc::ByteBuffer JwtBundlesMessage(const TokenBundles& bundles);

/// A WITSVIDResponse, serialised. It holds private keys: as X509SvidMessage().
grpc::ByteBuffer WitSvidMessage(const WitUpdate& update);

/// A WITBundlesResponse, serialised.
grpc::ByteBuffer WitBundlesMessage(const TokenBundles& bundles);

}  // namespace surety
