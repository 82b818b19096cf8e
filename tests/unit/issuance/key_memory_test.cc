// Looks for keys in this process's own memory.

#include "agent/issuance/key_memory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <thread>

#include "agent/issuance/der_writer.h"
#include "agent/issuance/embedded_authority.h"
#include "agent/issuance/files_authority.h"
#include "agent/issuance/jwt_store.h"
#include "agent/issuance/key_pool.h"
#include "agent/issuance/p256_key.h"
#include "agent/issuance/pem_reader.h"
#include "agent/issuance/wit_mint.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

constexpr std::size_t kScalarAt = 36;  // In the PKCS#8 of p256_key.cc.
constexpr std::size_t kScalarSize = 32;
constexpr std::uint8_t kMask = 0xa5;

// A needle that is not itself a hit: what is sought, under a mask.
using Needle = std::array<std::uint8_t, kScalarSize>;

struct Region {
  std::uintptr_t from = 0;
  std::uintptr_t to = 0;
  bool locked = false;
};

// Memory that is written to, as smaps (proc(5)) names it.
std::vector<Region> Regions() {
  std::vector<Region> regions;
  std::ifstream in("/proc/self/smaps");
  bool wanted = false;
  for (std::string line; std::getline(in, line);) {
    char dash = 0;
    std::string mode;
    Region region;
    if (std::istringstream fields(line);
        fields >> std::hex >> region.from >> dash >> region.to >> mode && dash == '-') {
      wanted = mode.starts_with("rw");
      if (wanted) regions.push_back(region);
    } else if (wanted && line.starts_with("VmFlags:")) {
      regions.back().locked = line.find(" lo") != std::string::npos;
    }
  }
  return regions;
}

struct Hits {
  int locked = 0;
  int elsewhere = 0;
};

__attribute__((no_sanitize("address", "thread"))) bool Matches(const volatile std::uint8_t* at,
                                                               const Needle& needle) {
  for (std::size_t i = 0; i < needle.size(); ++i) {
    if ((at[i] ^ kMask) != needle[i]) return false;
  }
  return true;
}

__attribute__((no_sanitize("address", "thread"))) Hits Seek(const Needle& needle) {
  Hits hits;
  for (const Region& region : Regions()) {
    for (std::uintptr_t at = region.from; at + needle.size() <= region.to; ++at) {
      if (!Matches(reinterpret_cast<const std::uint8_t*>(at), needle)) continue;
      ++(region.locked ? hits.locked : hits.elsewhere);
    }
  }
  return hits;
}

// As it stands in PKCS#8, and as OpenSSL's numbers are kept in memory.
struct Needles {
  Needle as_bytes{};
  Needle as_number{};
};

Needles NeedlesOf(std::span<const std::uint8_t> pkcs8) {
  Needles needles;
  for (std::size_t i = 0; i < kScalarSize; ++i) {
    needles.as_bytes[i] = pkcs8[kScalarAt + i] ^ kMask;
  }
  std::ranges::reverse_copy(needles.as_bytes, needles.as_number.begin());
  return needles;
}

// Reads a key file in another process, so that no copy of the key is left here.
Needles NeedlesOfFile(const std::string& path) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string text = ReadText(path);
    PemReader reader(AsBytes(text), PemReader::Place::kHeap);
    while (true) {
      const auto block = reader.Next();
      if (!block || !*block) ::_exit(1);
      if ((*block)->label != "PRIVATE KEY") continue;
      const Needles needles = NeedlesOf((*block)->content.Reveal());
      ::_exit(::write(ends[1], &needles, sizeof needles) == sizeof needles ? 0 : 2);
    }
  }
  Needles needles;
  EXPECT_EQ(::read(ends[0], &needles, sizeof needles), static_cast<ssize_t>(sizeof needles));
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  return needles;
}

void SignMany(Authority& authority) {
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(authority.Issue(EntryFor("spiffe://example.org/web"), Start().wall));
  }
}

class KeyMemory : public testing::Test {
 protected:
  void SetUp() override {
    const auto locked = LockKeyMemory();
    ASSERT_TRUE(locked) << locked.error().Text();
  }
};

TEST_F(KeyMemory, SeekingFindsWhatIsThere) {
  const auto key = GenerateP256Key();
  ASSERT_TRUE(key);
  const Needles needles = NeedlesOf(key->pkcs8.Reveal());
  EXPECT_EQ(Seek(needles.as_bytes).elsewhere, 1);
}

TEST_F(KeyMemory, KeyOfANewAuthorityIsOnlyInLockedMemory) {
  const TempFolder temp;
  auto authority = OpenEmbedded(OptionsFor(temp), Start());
  ASSERT_TRUE(authority);
  SignMany(**authority);
  const Needles needles = NeedlesOfFile(
      temp.Path("state/authority/" + NamesIn(temp.Path("state/authority"), ".pem").front()));
  EXPECT_EQ(Seek(needles.as_bytes).elsewhere, 0);
  EXPECT_EQ(Seek(needles.as_number).elsewhere, 0);
  EXPECT_GE(Seek(needles.as_number).locked, 1);
}

TEST_F(KeyMemory, KeyOfALoadedAuthorityIsOnlyInLockedMemoryAndGoneAtTheEnd) {
  const TempFolder temp;
  ASSERT_TRUE(OpenEmbedded(OptionsFor(temp), Start()));
  const Needles needles = NeedlesOfFile(
      temp.Path("state/authority/" + NamesIn(temp.Path("state/authority"), ".pem").front()));
  auto authority = OpenEmbedded(OptionsFor(temp), Start());
  ASSERT_TRUE(authority);
  SignMany(**authority);
  EXPECT_EQ(Seek(needles.as_bytes).elsewhere, 0);
  EXPECT_EQ(Seek(needles.as_number).elsewhere, 0);
  EXPECT_GE(Seek(needles.as_number).locked, 1);
  *authority = nullptr;
  EXPECT_EQ(Seek(needles.as_number).locked, 0);
}

TEST_F(KeyMemory, KeyOfAnOperatorsCaIsOnlyInLockedMemory) {
  const TempFolder temp;
  const std::string key = temp.Path("ca.key");
  ASSERT_EQ(std::system(("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out " +
                         key + " && chmod 600 " + key + " && openssl req -x509 -new -key " + key +
                         " -subj /CN=x -days 4000 -addext keyUsage=critical,keyCertSign -out " +
                         temp.Path("ca.pem"))
                            .c_str()),
            0);
  const auto authority =
      OpenFromFiles({.trust_domain = ExampleOrg(),
                     .state_dir = temp.Path("state"),
                     .files = {.cert = temp.Path("ca.pem"), .key = key, .chain = ""}},
                    {.boot = Start().boot, .wall = std::chrono::system_clock::now()});
  ASSERT_TRUE(authority) << authority.error().Text();
  const Needles needles = NeedlesOfFile(key);
  EXPECT_EQ(Seek(needles.as_bytes).elsewhere, 0);
  EXPECT_EQ(Seek(needles.as_number).elsewhere, 0);
  EXPECT_GE(Seek(needles.as_number).locked, 1);
}

TEST_F(KeyMemory, KeyOfAnSvidIsOnlyInTheSvid) {
  const TempFolder temp;
  const auto authority = OpenEmbedded(OptionsFor(temp), Start());
  ASSERT_TRUE(authority);
  Needles needles;
  {
    const auto svid = (*authority)->Issue(EntryFor("spiffe://example.org/web"), Start().wall);
    ASSERT_TRUE(svid);
    needles = NeedlesOf(svid->key_der.Reveal());
    EXPECT_EQ(Seek(needles.as_bytes).elsewhere, 1);
  }
  EXPECT_EQ(Seek(needles.as_bytes).elsewhere, 0);
  EXPECT_EQ(Seek(needles.as_number).elsewhere, 0);
  EXPECT_EQ(Seek(needles.as_number).locked, 0);
}

// Of its spelling in a JWK, which nothing else is written in.
Needle NeedleOfJwk(std::span<const std::uint8_t> jwk) {
  constexpr std::string_view kBefore = R"("d":")";
  const std::string_view text = AsText(jwk);
  const std::size_t at = text.find(kBefore) + kBefore.size();
  Needle needle{};
  for (std::size_t i = 0; i < needle.size(); ++i) needle[i] = jwk[at + i] ^ kMask;
  return needle;
}

TEST_F(KeyMemory, KeyOfAWitIsOnlyInTheWit) {
  const auto signer = MakeJwtKey(kWitProfile);
  ASSERT_TRUE(signer);
  Needle needle{};
  {
    const auto wit = MintWitSvid(*signer->key, Start().wall + std::chrono::hours(1),
                                 EntryFor("spiffe://example.org/web"), Start().wall);
    ASSERT_TRUE(wit);
    needle = NeedleOfJwk(wit->key_jwk.Reveal());
    EXPECT_EQ(Seek(needle).elsewhere, 1);
  }
  EXPECT_EQ(Seek(needle).elsewhere, 0);
}

TEST_F(KeyMemory, KeyFromThePoolIsOnlyWithWhoTookIt) {
  KeyPool pool;
  while (pool.size() < KeyPool::kMost) std::this_thread::yield();
  Needles needles;
  {
    const auto key = pool.Take();
    ASSERT_TRUE(key);
    ASSERT_LT(pool.size(), KeyPool::kMost);
    needles = NeedlesOf(key->pkcs8.Reveal());
    EXPECT_EQ(Seek(needles.as_bytes).elsewhere, 1);
    EXPECT_EQ(Seek(needles.as_bytes).locked, 0);
  }
  EXPECT_EQ(Seek(needles.as_bytes).elsewhere, 0);
  EXPECT_EQ(Seek(needles.as_number).elsewhere, 0);
  EXPECT_EQ(Seek(needles.as_number).locked, 0);
}

TEST_F(KeyMemory, LockingTwiceIsTheSameAsOnce) { EXPECT_TRUE(LockKeyMemory()); }

}  // namespace
}  // namespace surety
