#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <memory>
#include <string>
#include <string_view>

#include "surety/result.h"

namespace surety {

/// A deleter made from a library's own free function.
template <auto kFree>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using PKeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using PKeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using DigestPtr = std::unique_ptr<EVP_MD, FreeWith<EVP_MD_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using CertificatePtr = std::unique_ptr<X509, FreeWith<X509_free>>;
using StorePtr = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;
/// Holds references to the certificates in it.
struct FreeCertificateStack {
  void operator()(STACK_OF(X509) * stack) const;
};
using CertificateStackPtr = std::unique_ptr<STACK_OF(X509), FreeCertificateStack>;

/// `what`, and the reason that OpenSSL left in this thread's error queue, which
/// is empty afterwards. Never holds key material.
Error OpenSslError(ErrorCode code, std::string_view what);

/// The certificate in DER. Empty only if the library is out of memory.
std::string DerOf(const X509& certificate);

}  // namespace surety
