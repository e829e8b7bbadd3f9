#include "fanin/core/shape.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "fanin/core/error.h"

namespace fanin {
namespace {

constexpr std::size_t kMaxElements = std::numeric_limits<std::ptrdiff_t>::max();

std::string refusal(std::vector<std::size_t> extents) {
  try {
    const Shape shape{std::span<const std::size_t>(extents)};
    return "accepted " + shape.str();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::usage);
    return e.what();
  }
}

TEST(Shape, DefaultIsAScalarOfOneElement) {
  const Shape scalar;
  EXPECT_EQ(scalar.rank(), 0U);
  EXPECT_EQ(scalar.elements(), 1U);
  EXPECT_EQ(scalar.str(), "[]");
  EXPECT_EQ(scalar.begin(), scalar.end());
}

TEST(Shape, KeepsItsExtentsInOrder) {
  const Shape shape{256, 784, 3};
  EXPECT_EQ(shape.rank(), 3U);
  EXPECT_EQ(shape[0], 256U);
  EXPECT_EQ(shape[1], 784U);
  EXPECT_EQ(shape[2], 3U);
  EXPECT_EQ(std::vector<std::size_t>(shape.begin(), shape.end()), (std::vector<std::size_t>{256, 784, 3}));
  EXPECT_EQ(shape.elements(), 256U * 784U * 3U);
  EXPECT_EQ(shape.str(), "[256, 784, 3]");
}

TEST(Shape, AnExtentOfZeroGivesNoElements) {
  EXPECT_EQ((Shape{3, 0}).elements(), 0U);
  EXPECT_EQ((Shape{0, 3}).elements(), 0U);
  EXPECT_EQ((Shape{0}).elements(), 0U);
}

TEST(Shape, AZeroAnywhereExcusesExtentsWhoseProductWouldOverflow) {
  EXPECT_EQ((Shape{kMaxElements, kMaxElements, 0}).elements(), 0U);
  EXPECT_EQ((Shape{0, kMaxElements, kMaxElements}).elements(), 0U);
}

TEST(Shape, EqualMeansSameRankAndExtents) {
  EXPECT_EQ((Shape{2, 3}), (Shape{2, 3}));
  EXPECT_NE((Shape{2, 3}), (Shape{3, 2}));
  EXPECT_NE((Shape{2, 3}), (Shape{2, 3, 1}));
  EXPECT_NE(Shape{}, Shape{1});
}

TEST(Shape, EightDimensionsAreAccepted) {
  const Shape shape{1, 2, 1, 2, 1, 2, 1, 2};
  EXPECT_EQ(shape.rank(), Shape::kMaxRank);
  EXPECT_EQ(shape.elements(), 16U);
}

TEST(Shape, NineDimensionsAreRejected) {
  EXPECT_EQ(refusal(std::vector<std::size_t>(9, 1)), "[shape] 9 dimensions given, at most 8 are allowed");
  EXPECT_THROW((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), Error);
}

TEST(Shape, TheLargestElementCountIsAccepted) {
  EXPECT_EQ((Shape{kMaxElements}).elements(), kMaxElements);
  EXPECT_EQ((Shape{1, kMaxElements, 1}).elements(), kMaxElements);
}

TEST(Shape, MoreThan63BitsOfElementsAreRejected) {
  EXPECT_EQ(refusal({kMaxElements + 1}), "[shape] [9223372036854775808] has more than 2^63-1 elements");
  EXPECT_EQ(refusal({std::size_t{1} << 32, std::size_t{1} << 31}),
            "[shape] [4294967296, 2147483648] has more than 2^63-1 elements");
  // 2^64 wraps to 0 and 2^64 + 2^33 to a plausible size: neither may pass as one.
  EXPECT_THROW((Shape{std::size_t{1} << 32, std::size_t{1} << 32}), Error);
  EXPECT_THROW((Shape{std::size_t{1} << 33, (std::size_t{1} << 31) + 1}), Error);
  EXPECT_THROW((Shape{std::numeric_limits<std::size_t>::max()}), Error);
}

}  // namespace
}  // namespace fanin
