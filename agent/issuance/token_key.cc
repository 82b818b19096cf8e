#include "agent/issuance/token_key.h"

#include <openssl/err.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "agent/issuance/der_writer.h"
#include "agent/issuance/key_holder.h"

namespace surety {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Seconds kLongestOpening{10};
constexpr Seconds kFirstAnswer{5};
// From being asked, the wait for its turn included. A slow TPM takes a tenth of that.
constexpr Seconds kLongestSignature{2};
constexpr std::chrono::milliseconds kFirstRetry{250};
constexpr std::chrono::milliseconds kLastRetry{8'000};
constexpr Seconds kLookAtPinEvery{1};
constexpr Seconds kProbeEvery{30};

// In the place of a digest, of the length that SVIDs' have.
std::string ProbeFor(const EVP_PKEY& key) {
  constexpr int kBitsOfP384 = 384;
  constexpr std::size_t kSha256Size = 32;
  constexpr std::size_t kSha384Size = 48;
  const bool p384 = EVP_PKEY_get_bits(&key) == kBitsOfP384;
  std::string probe = "surety tries whether it signs";
  probe.resize(p384 ? kSha384Size : kSha256Size, '.');
  return probe;
}

bool Verifies(EVP_PKEY& key, std::string_view digest, std::string_view signature) {
  constexpr std::size_t kSha384Size = 48;
  const PKeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, &key, nullptr));
  const EVP_MD* made_by = digest.size() == kSha384Size ? EVP_sha384() : EVP_sha256();
  const auto bytes = AsBytes(signature);
  const auto hash = AsBytes(digest);
  const bool verified =
      context && EVP_PKEY_verify_init(context.get()) == 1 &&
      EVP_PKEY_CTX_set_signature_md(context.get(), made_by) == 1 &&
      EVP_PKEY_verify(context.get(), bytes.data(), bytes.size(), hash.data(), hash.size()) == 1;
  ERR_clear_error();
  return verified;
}

class TokenKey final : public OutsideKey {
 public:
  TokenKey(TokenKeyOptions options, PKeyPtr expected)
      : options_(std::move(options)),
        expected_(std::move(expected)),
        probe_(ProbeFor(*expected_)),
        failure_(Lost({ErrorCode::kUnavailable, "it has not answered yet"})),
        thread_([this](const std::stop_token& stop) { Run(stop); }) {}

  Result<std::string> Sign(std::string_view digest) override;
  [[nodiscard]] Result<void> Answers() const override;
  [[nodiscard]] std::uint64_t beginnings() const override;
  void TryAgain() override;
  void AwaitFirstAnswer();

 private:
  using Holder = std::shared_ptr<KeyHolder>;
  void Run(const std::stop_token& stop);
  void Serve(const std::stop_token& stop);
  void AwaitRetry(std::chrono::milliseconds delay, const std::stop_token& stop);
  Result<Holder> Open(const std::stop_token& stop);
  Result<void> OpenIn(KeyHolder& holder, const std::stop_token& stop);
  Result<std::string> SignBy(KeyHolder& holder, std::string_view digest,
                             SteadyClock::time_point deadline) const;
  [[nodiscard]] Result<SecretBytes> Pin() const;
  [[nodiscard]] bool IsRefused(const SecretBytes& pin) const;
  [[nodiscard]] Error Lost(const Error& why) const;

  const TokenKeyOptions options_;
  const PKeyPtr expected_;
  const std::string probe_;

  mutable std::mutex mutex_;  // Guards all below but refused_pin_, which is Run()'s.
  mutable std::condition_variable_any changed_;
  Holder holder_;  // Null: the key is lost.
  bool busy_ = false;
  bool tried_ = false;
  bool try_again_ = false;
  std::uint64_t beginnings_ = 0;
  std::optional<Error> failure_;
  std::optional<SecretBytes> refused_pin_;
  std::jthread thread_;  // The last, so that it sees all others.
};

Error TokenKey::Lost(const Error& why) const {
  const std::string key = "the CA's key " + options_.uri.name;
  if (why.code() == ErrorCode::kInvalidArgument)
    return {why.code(), key +
                            " is not the certificate's: what it signs does not verify (name the "
                            "certificate's key as ca_key, or the key's certificate as ca_cert)"};
  std::string fix = "see that the token is there and that the daemon's user may use it";
  if (why.code() == ErrorCode::kPermissionDenied && options_.pin_file.empty())
    fix = "it asks for a PIN: name a file that holds it as pin-source in ca_key";
  else if (why.code() == ErrorCode::kPermissionDenied)
    fix =
        "write the right PIN into the file of pin-source; this one is not tried again, so that "
        "the token does not lock itself";
  else if (options_.uri.kind == KeyUri::Kind::kTpm2)
    fix = "see that the TPM answers and holds the handle, and that the daemon's user may use it";
  return {why.code(), key + " does not answer: " + why.Text() + " (" + fix + ")"};
}

void TokenKey::Run(const std::stop_token& stop) {
  auto delay = kFirstRetry;
  while (!stop.stop_requested()) {
    auto opened = Open(stop);
    {
      const std::lock_guard lock(mutex_);
      tried_ = true;
      try_again_ = false;
      failure_ = opened ? std::nullopt : std::optional(Lost(opened.error()));
      holder_ = opened ? *opened : nullptr;
      if (opened) ++beginnings_;
    }
    changed_.notify_all();
    if (opened) {
      const auto begin = SteadyClock::now();
      Serve(stop);
      opened = Holder();  // Here, since waiting for its end may take long.
      if (SteadyClock::now() - begin > kLastRetry) delay = kFirstRetry;
    }
    AwaitRetry(delay, stop);
    delay = std::min(delay * 2, kLastRetry);
  }
}

// Until the key is lost. What no SVID asks for is asked now and then.
void TokenKey::Serve(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (holder_ && !stop.stop_requested()) {
    const bool ended = changed_.wait_for(lock, stop, kProbeEvery, [this] { return !holder_; });
    if (ended || stop.stop_requested()) break;
    lock.unlock();
    // Whether it fails is noted by Sign().
    const auto probed = Sign(probe_);
    static_cast<void>(probed);
    lock.lock();
  }
  holder_ = nullptr;
  changed_.wait(lock, [this] { return !busy_; });
}

void TokenKey::AwaitRetry(std::chrono::milliseconds delay, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, delay, [this] { return try_again_; });
  while (refused_pin_ && !try_again_ && !stop.stop_requested()) {
    lock.unlock();
    const auto pin = Pin();
    const bool same = !pin || IsRefused(*pin);
    lock.lock();
    if (!same) break;
    changed_.wait_for(lock, stop, kLookAtPinEvery, [this] { return try_again_; });
  }
}

Result<SecretBytes> TokenKey::Pin() const {
  if (options_.pin_file.empty()) return SecretBytes();
  return ReadPin(options_.pin_file, options_.pin_secrecy);
}

bool TokenKey::IsRefused(const SecretBytes& pin) const {
  return refused_pin_ && std::ranges::equal(pin.Reveal(), refused_pin_->Reveal());
}

Result<TokenKey::Holder> TokenKey::Open(const std::stop_token& stop) {
  auto started = KeyHolder::Start();
  if (!started) return started.error();
  const Holder holder = *std::move(started);
  if (auto opened = OpenIn(*holder, stop); !opened) return opened.error();
  return holder;
}

Result<void> TokenKey::OpenIn(KeyHolder& holder, const std::stop_token& stop) {
  auto pin = Pin();
  // Not kPermissionDenied, which is the token's: this may be mended and is tried again.
  if (!pin) return Error(ErrorCode::kUnavailable, "its PIN: " + pin.error().Text());
  refused_pin_.reset();
  const auto deadline = SteadyClock::now() + kLongestOpening;
  auto opened = holder.Open(options_.uri, *pin, deadline, stop);
  if (opened) {
    const auto probed = SignBy(holder, probe_, deadline);  // A TPM is shown the PIN only here.
    if (!probed) opened = probed.error();
  }
  if (!opened && opened.error().code() == ErrorCode::kPermissionDenied)
    refused_pin_ = *std::move(pin);
  return opened;
}

Result<std::string> TokenKey::SignBy(KeyHolder& holder, std::string_view digest,
                                     SteadyClock::time_point deadline) const {
  auto signature = holder.Sign(digest, deadline);
  if (signature && !Verifies(*expected_, digest, *signature))
    return Error(ErrorCode::kInvalidArgument, "another key");
  return signature;
}

Result<std::string> TokenKey::Sign(std::string_view digest) {
  const auto deadline = SteadyClock::now() + kLongestSignature;
  const Error not_now(ErrorCode::kUnavailable, "the CA's key does not answer");
  Holder holder;
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_until(lock, deadline, [this] { return !busy_ || !holder_; }))
      return Error(ErrorCode::kUnavailable, "the CA's key is busy with other signatures");
    if (!holder_) return not_now;
    busy_ = true;
    holder = holder_;
  }
  auto signature = SignBy(*holder, digest, deadline);
  if (!signature) holder->Kill();
  holder.reset();
  {
    const std::lock_guard lock(mutex_);
    busy_ = false;
    if (!signature) {
      holder_ = nullptr;
      failure_ = Lost(signature.error());
    }
  }
  changed_.notify_all();
  if (!signature) return not_now;
  return signature;
}

Result<void> TokenKey::Answers() const {
  const std::lock_guard lock(mutex_);
  return failure_ ? Result<void>(*failure_) : Result<void>();
}

std::uint64_t TokenKey::beginnings() const {
  const std::lock_guard lock(mutex_);
  return beginnings_;
}

void TokenKey::TryAgain() {
  {
    const std::lock_guard lock(mutex_);
    try_again_ = true;
  }
  changed_.notify_all();
}

void TokenKey::AwaitFirstAnswer() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kFirstAnswer, [this] { return tried_; });
}

}  // namespace

OutsideKeyOpener OpenerOfTokenKeys(TokenKeyOptions options) {
  struct Last {
    PKeyPtr expected;
    std::shared_ptr<TokenKey> key;
  };
  return [options = std::move(options),
          last = std::make_shared<Last>()](EVP_PKEY& expected) -> std::shared_ptr<OutsideKey> {
    if (last->key && EVP_PKEY_eq(last->expected.get(), &expected) == 1) {
      last->key->TryAgain();
      return last->key;
    }
    last->expected.reset(EVP_PKEY_dup(&expected));
    last->key = std::make_shared<TokenKey>(options, PKeyPtr(EVP_PKEY_dup(&expected)));
    last->key->AwaitFirstAnswer();
    return last->key;
  };
}

}  // namespace surety
