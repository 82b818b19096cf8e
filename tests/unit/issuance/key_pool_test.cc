#include "agent/issuance/key_pool.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include "agent/issuance/key_memory.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

// The pool's thread has come to rest.
void AwaitFull(const KeyPool& pool) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (pool.size() < KeyPool::kMost && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  ASSERT_EQ(pool.size(), KeyPool::kMost);
}

P256Key Take(KeyPool& pool) {
  auto key = pool.Take();
  EXPECT_TRUE(key);
  return *std::move(key);
}

TEST(KeyPool, KeysAreWholeAndLoadable) {
  (void)LockKeyMemory();
  KeyPool pool;
  AwaitFull(pool);
  for (std::size_t i = 0; i < KeyPool::kMost + 2; ++i) {
    const P256Key key = Take(pool);
    ASSERT_EQ(key.pkcs8.Reveal().size(), kP256Pkcs8Size);
    const auto loaded = LoadP256Key(key.pkcs8.Reveal());
    ASSERT_TRUE(loaded) << loaded.error().Text();
    unsigned char* point = nullptr;
    const std::size_t size = EVP_PKEY_get1_encoded_public_key(loaded->get(), &point);
    EXPECT_EQ(std::string(point, point + size), key.public_point);
    OPENSSL_free(point);
  }
}

TEST(KeyPool, FillsUpOnceThereAreFew) {
  KeyPool pool;
  AwaitFull(pool);
  for (std::size_t i = KeyPool::kMost; i > KeyPool::kFew; --i) (void)Take(pool);
  EXPECT_EQ(pool.size(), KeyPool::kFew);
  (void)Take(pool);
  AwaitFull(pool);
}

TEST(KeyPool, NobodyGetsAKeyTwice) {
  KeyPool pool;
  std::mutex mutex;
  std::set<std::string> points;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 100; ++round) {
          const P256Key key = Take(pool);
          const std::lock_guard lock(mutex);
          EXPECT_TRUE(points.insert(key.public_point).second);
        }
      });
    }
  }
  EXPECT_EQ(points.size(), 400U);
}

TEST(KeyPool, ForkedProcessGetsNoneOfThem) {
  KeyPool pool;
  AwaitFull(pool);
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    for (std::size_t i = 0; i < KeyPool::kMost; ++i) {
      const auto key = pool.Take();
      if (!key || ::write(ends[1], key->public_point.data(), 65) != 65) ::_exit(1);
    }
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  std::set<std::string> points;
  for (std::size_t i = 0; i < KeyPool::kMost; ++i) {
    std::string point(65, '\0');
    ASSERT_EQ(::read(ends[0], point.data(), point.size()), 65);
    points.insert(point);
    points.insert(Take(pool).public_point);
  }
  EXPECT_EQ(points.size(), 2 * KeyPool::kMost);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(KeyPool, MayEndAtAnyMoment) {
  for (int i = 0; i < 50; ++i) {
    KeyPool pool;
    for (int taken = 0; taken < i % 7; ++taken) (void)Take(pool);
  }
}

}  // namespace
}  // namespace surety
