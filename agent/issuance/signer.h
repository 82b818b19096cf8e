#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/issuance/openssl_handles.h"
#include "agent/issuance/outside_key.h"
#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// One authority that signs: its certificate and its private key, which belong
/// together, and the certificates between it and its root. Never changes after
/// construction; thread-safe, and two signatures never wait for each other unless the
/// key is an OutsideKey.
class Signer {
 public:
  /// Takes a CA certificate that may sign certificates, its key, and the DER
  /// certificates above it, nearest first, root left out. kInvalidArgument says
  /// what is wrong: not a CA, without keyCertSign, another key, or a kind of key
  /// that we do not sign with (P-256, P-384 and RSA from 2048 bits are fine).
  /// Whether it is valid now is not asked here.
  static Result<std::shared_ptr<const Signer>> Create(CertificatePtr certificate, PKeyPtr key,
                                                      std::vector<std::string> above);

  /// The same with a key that is kept elsewhere. It answers or not: whether it is the
  /// certificate's is for it to see to, which is given the certificate's public key.
  static Result<std::shared_ptr<const Signer>> Create(CertificatePtr certificate,
                                                      std::shared_ptr<OutsideKey> key,
                                                      std::vector<std::string> above);

  /// A certificate or CRL in DER from its TBSCertificate or TBSCertList, which
  /// must name algorithm(). Errors of OutsideKey::Sign() if that signs.
  Result<std::string> Sign(std::string_view to_be_signed) const;

  /// Whether verifiers take CRLs of this authority: its certificate's keyUsage
  /// has cRLSign (RFC 5280 section 4.2.1.3).
  [[nodiscard]] bool may_sign_crls() const { return may_sign_crls_; }

  /// DER AlgorithmIdentifier of the signatures.
  [[nodiscard]] std::string_view algorithm() const { return algorithm_; }
  [[nodiscard]] const X509& certificate() const { return *certificate_; }
  [[nodiscard]] const std::string& certificate_der() const { return certificate_der_; }
  /// DER Name.
  [[nodiscard]] const std::string& subject() const { return subject_; }
  /// Raw; from the certificate, or worked out from its key if it has none.
  [[nodiscard]] const std::string& key_id() const { return key_id_; }
  /// Lower-case hex.
  [[nodiscard]] const std::string& serial() const { return serial_; }
  [[nodiscard]] WallTime not_before() const { return not_before_; }
  [[nodiscard]] WallTime not_after() const { return not_after_; }
  [[nodiscard]] bool ValidAt(WallTime time) const {
    return not_before_ <= time && time < not_after_;
  }
  /// What follows a leaf in its chain: nothing for a root; else this
  /// certificate and those above it.
  [[nodiscard]] const std::vector<std::string>& chain() const { return chain_; }
  [[nodiscard]] bool self_signed() const { return chain_.empty(); }
  /// Null if the key is in this process.
  [[nodiscard]] const std::shared_ptr<OutsideKey>& outside_key() const { return outside_key_; }

 private:
  Signer() = default;
  static Result<std::shared_ptr<const Signer>> Finish(std::shared_ptr<Signer> signer,
                                                      std::vector<std::string> above);
  Result<void> ReadCertificate();
  Result<void> ChooseAlgorithm();
  Result<std::string> SignInside(std::string_view to_be_signed) const;
  Result<std::string> SignOutside(std::string_view to_be_signed) const;

  CertificatePtr certificate_;
  PKeyPtr key_;             // The public part alone if there is an outside_key_.
  DigestContextPtr ready_;  // Set up to sign with key_; copied for every signature.
  std::shared_ptr<OutsideKey> outside_key_;
  const char* digest_ = "SHA256";
  std::string_view algorithm_;
  std::string certificate_der_;
  std::string subject_;
  std::string key_id_;
  std::string serial_;
  WallTime not_before_;
  WallTime not_after_;
  bool may_sign_crls_ = false;
  std::vector<std::string> chain_;
};

/// A new serial number: 16 bytes, positive, of which 126 bits are random.
Result<std::string> RandomSerial();

}  // namespace surety
