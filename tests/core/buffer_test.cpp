#include "fanin/core/buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>
#include <utility>

namespace fanin {
namespace {

// From below a cache line to above a huge page, and the sizes where the alignment changes.
constexpr std::size_t kSizes[] = {1, 15, 16, 17, 4096, (1 << 18) - 1, 1 << 18, (1 << 19) + 3};

TEST(Buffer, StartsZeroedOnACacheLine) {
  for (const std::size_t size : kSizes) {
    const Buffer<float> buffer(size);
    ASSERT_EQ(buffer.size(), size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0U) << size;
    EXPECT_TRUE(std::all_of(buffer.span().begin(), buffer.span().end(), [](float x) { return x == 0; })) << size;
  }
}

TEST(Buffer, IsZeroedAlsoInMemoryThatWasUsedBefore) {
  for (int round = 0; round < 4; ++round) {
    Buffer<std::uint64_t> buffer(1000);
    EXPECT_EQ(std::count(buffer.span().begin(), buffer.span().end(), 0U), 1000) << round;
    std::fill(buffer.span().begin(), buffer.span().end(), ~std::uint64_t{0});
  }
}

TEST(Buffer, EverySpanElementIsWritable) {
  for (const std::size_t size : kSizes) {
    Buffer<std::uint32_t> buffer(size);
    for (std::size_t i = 0; i < size; ++i) buffer[i] = static_cast<std::uint32_t>(i);
    EXPECT_EQ(std::as_const(buffer)[size - 1], size - 1);
    EXPECT_EQ(buffer.span().size(), size);
  }
}

TEST(Buffer, EmptyHoldsNoMemory) {
  const Buffer<float> none;
  const Buffer<float> zero(0);
  EXPECT_EQ(none.data(), nullptr);
  EXPECT_EQ(zero.data(), nullptr);
  EXPECT_TRUE(none.span().empty());
  EXPECT_TRUE(zero.span().empty());
}

TEST(Buffer, MovingLeavesTheSourceEmpty) {
  Buffer<int> a(10);
  a[3] = 7;
  const int* const memory = a.data();
  Buffer<int> b(std::move(a));
  EXPECT_EQ(b.data(), memory);
  EXPECT_EQ(b.size(), 10U);
  EXPECT_EQ(a.data(), nullptr);  // NOLINT(bugprone-use-after-move): the moved-from state is what this test is about
  EXPECT_EQ(a.size(), 0U);

  Buffer<int> c(3);
  c = std::move(b);
  EXPECT_EQ(c[3], 7);
  EXPECT_EQ(b.size(), 0U);  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(b.span().empty());
}

TEST(Buffer, SizesThatOverflowAreRejected) {
  constexpr std::size_t kMax = std::numeric_limits<std::size_t>::max();
  // kMax / 8 + 2 doubles are 8 bytes if the product wraps.
  for (const std::size_t size : {kMax, kMax / 2, kMax / 8 + 2, kMax / 16 + 1}) {
    EXPECT_THROW(Buffer<double>{size}, std::bad_alloc) << size;
  }
  EXPECT_THROW(Buffer<char>(kMax / 2 + 1), std::bad_alloc);
}

TEST(Buffer, MoreThanTheMachineHasIsRejectedBeforeItIsTouched) {
  EXPECT_THROW(Buffer<char>(std::size_t{1} << 46), std::bad_alloc);
}

}  // namespace
}  // namespace fanin
