// A CA whose key is elsewhere and may not answer: FilesAuthority with an OutsideKey.
#include "agent/issuance/outside_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "agent/issuance/der_writer.h"
#include "agent/issuance/files_authority.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class FakeOutsideKey final : public OutsideKey {
 public:
  explicit FakeOutsideKey(const EVP_PKEY* key) : key_(key) {}

  Result<std::string> Sign(std::string_view digest) override {
    if (on_sign) on_sign();
    if (failure) return Error(ErrorCode::kUnavailable, "away");
    const PKeyContextPtr context(
        EVP_PKEY_CTX_new_from_pkey(nullptr, const_cast<EVP_PKEY*>(key_), nullptr));
    std::string signature(512, '\0');
    std::size_t length = signature.size();
    const auto bytes = AsBytes(digest);
    EXPECT_EQ(EVP_PKEY_sign_init(context.get()), 1);
    EXPECT_EQ(EVP_PKEY_CTX_set_signature_md(context.get(),
                                            bytes.size() == 48 ? EVP_sha384() : EVP_sha256()),
              1);
    EXPECT_EQ(EVP_PKEY_sign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                            &length, bytes.data(), bytes.size()),
              1);
    signature.resize(length);
    return signature;
  }
  [[nodiscard]] Result<void> Answers() const override {
    return failure ? Result<void>(*failure) : Result<void>();
  }
  [[nodiscard]] std::uint64_t beginnings() const override { return begun; }
  void TryAgain() override { ++tried_again; }

  void Lose() { failure = Error(ErrorCode::kUnavailable, "the key x:y does not answer: gone"); }
  void Find() {
    failure.reset();
    ++begun;
  }

  std::optional<Error> failure;
  std::uint64_t begun = 1;
  int tried_again = 0;
  std::function<void()> on_sign;

 private:
  const EVP_PKEY* key_;
};

class OutsideKeyTest : public testing::Test {
 protected:
  OutsideKeyTest() { temp_.Write("ca.pem", ca_.CertificatePem()); }

  FilesOptions Options() {
    return {.trust_domain = ExampleOrg(),
            .state_dir = temp_.Path("state"),
            .files = {.cert = temp_.Path("ca.pem"),
                      .key = "x:y",
                      .chain = {},
                      .open_key =
                          [this](const EVP_PKEY& expected) {
                            EXPECT_EQ(EVP_PKEY_eq(&expected, ca_.key.get()), 1);
                            return key_;
                          }},
            .source = "x:y"};
  }
  std::unique_ptr<Authority> Open() {
    auto authority = OpenFromFiles(Options(), Start());
    EXPECT_TRUE(authority) << authority.error().Text();
    return *std::move(authority);
  }
  static Result<X509Svid> Issue(Authority& authority) {
    return authority.Issue(EntryFor("spiffe://example.org/web"), Start().wall);
  }
  static void ExpectNothing(Authority& authority) {
    const auto svid = Issue(authority);
    ASSERT_FALSE(svid);
    EXPECT_EQ(svid.error().code(), ErrorCode::kUnavailable);
  }
  void ExpectGoodSvid(Authority& authority) {
    const auto svid = Issue(authority);
    ASSERT_TRUE(svid) << svid.error().Text();
    EXPECT_EQ(WhyRefused(svid->chain_der, {ca_.Der()}, Start().wall), "");
  }

  const TempFolder temp_;
  const MadeCa ca_ = MakeCa({});
  std::shared_ptr<FakeOutsideKey> key_ = std::make_shared<FakeOutsideKey>(ca_.key.get());
};

TEST_F(OutsideKeyTest, SignsAndIsNamedAsTheSource) {
  const auto authority = Open();
  ExpectGoodSvid(*authority);
  EXPECT_EQ(authority->Status().front().source, "x:y");
  EXPECT_THAT(authority->Degraded(Start().wall), IsEmpty());
  EXPECT_EQ(authority->CrlSigners().size(), 1U);
}

TEST_F(OutsideKeyTest, SignsWithP384) {
  const MadeCa ca = MakeCa({.key = "P-384"});
  temp_.Write("ca.pem", ca.CertificatePem());
  FilesOptions options = Options();
  options.files.open_key = [&ca](const EVP_PKEY&) {
    return std::make_shared<FakeOutsideKey>(ca.key.get());
  };
  const auto authority = OpenFromFiles(options, Start());
  ASSERT_TRUE(authority) << authority.error().Text();
  const auto svid = Issue(**authority);
  ASSERT_TRUE(svid) << svid.error().Text();
  EXPECT_EQ(WhyRefused(svid->chain_der, {ca.Der()}, Start().wall), "");
}

TEST_F(OutsideKeyTest, AwayAtTheStartNothingIsIssuedAndTheBundleIsThere) {
  key_->Lose();
  const auto authority = Open();
  ExpectNothing(*authority);
  EXPECT_EQ(authority->Bundles()->x509_authorities, std::vector{ca_.Der()});
  EXPECT_THAT(authority->Degraded(Start().wall), Contains(HasSubstr("x:y does not answer")));
  const auto waiting = authority->Advance(After(seconds(1)));
  ASSERT_TRUE(waiting.failure);
  EXPECT_FALSE(waiting.signer_changed);
  EXPECT_LE(waiting.call_again_at, After(seconds(2)).boot);

  key_->Find();
  const auto back = authority->Advance(After(seconds(2)));
  EXPECT_FALSE(back.failure);
  EXPECT_TRUE(back.signer_changed);
  ExpectGoodSvid(*authority);
  EXPECT_FALSE(authority->Advance(After(seconds(3))).signer_changed);
}

TEST_F(OutsideKeyTest, LostAndFoundIsToldOnce) {
  const auto authority = Open();
  key_->Lose();
  ExpectNothing(*authority);
  EXPECT_TRUE(authority->Advance(After(seconds(1))).failure);
  key_->Find();
  const auto back = authority->Advance(After(seconds(2)));
  EXPECT_TRUE(back.signer_changed);
  EXPECT_THAT(back.events, Contains(HasSubstr("x:y answers")));
  ExpectGoodSvid(*authority);
}

TEST_F(OutsideKeyTest, OfAnotherCertificateKeepsItFromBeingTaken) {
  key_->failure = Error(ErrorCode::kInvalidArgument, "x:y is not the certificate's");
  const auto authority = OpenFromFiles(Options(), Start());
  ASSERT_FALSE(authority);
  EXPECT_THAT(authority.error().Text(), HasSubstr("is not the certificate's"));
}

TEST_F(OutsideKeyTest, ReloadWhileItIsAwayChangesNothing) {
  const auto authority = Open();
  key_->Lose();
  EXPECT_TRUE(authority->Reload(After(seconds(1))).failure);
  EXPECT_EQ(authority->Bundles()->x509_authorities, std::vector{ca_.Der()});
  key_->Find();
  EXPECT_FALSE(authority->Reload(After(seconds(2))).failure);
  ExpectGoodSvid(*authority);
}

TEST_F(OutsideKeyTest, UnfitCaIsFoundOnceTheKeyAnswers) {
  const MadeCa ca = MakeCa({.name_constraints = "critical,permitted;URI:example.com"});
  temp_.Write("ca.pem", ca.CertificatePem());
  const auto key = std::make_shared<FakeOutsideKey>(ca.key.get());
  key->Lose();
  FilesOptions options = Options();
  options.files.open_key = [&key](const EVP_PKEY&) { return key; };
  const auto authority = OpenFromFiles(options, Start());
  ASSERT_TRUE(authority) << authority.error().Text();
  key->Find();
  EXPECT_TRUE((*authority)->Advance(After(seconds(1))).failure);
  ExpectNothing(**authority);
}

TEST_F(OutsideKeyTest, OnlySoManyWaitForItAtATime) {
  constexpr int kMayWait = 4;
  const auto authority = Open();
  std::latch all_wait(kMayWait);
  std::latch go_on(1);
  key_->on_sign = [&] {
    all_wait.count_down();
    go_on.wait();
  };
  std::atomic<int> issued{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kMayWait; ++i)
      threads.emplace_back([&] { issued += Issue(*authority) ? 1 : 0; });
    all_wait.wait();
    const auto one_more = Issue(*authority);
    EXPECT_FALSE(one_more);
    EXPECT_THAT(one_more.error().Text(), HasSubstr("busy"));
    go_on.count_down();
  }
  EXPECT_EQ(issued, kMayWait);
}

}  // namespace
}  // namespace surety
