#include "fanin/core/matrix_view.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>

namespace fanin {
namespace {

TEST(MatrixView, IsRowMajorWithItsColumnsAsStride) {
  std::array<int, 6> data{};
  std::iota(data.begin(), data.end(), 0);
  const MatrixView<int> m(data.data(), 2, 3);
  EXPECT_EQ(m.stride, 3U);
  EXPECT_EQ(m(0, 2), 2);
  EXPECT_EQ(m(1, 0), 3);
  EXPECT_EQ(m.row(1), data.data() + 3);
}

TEST(MatrixView, AStrideLargerThanTheColumnsSkipsThePadding) {
  std::array<int, 8> data{};
  std::iota(data.begin(), data.end(), 0);
  const MatrixView<int> m(data.data(), 2, 3, 4);
  EXPECT_EQ(m(1, 0), 4);
  EXPECT_EQ(m(1, 2), 6);
}

TEST(MatrixView, RowsAtKeepsTheStride) {
  std::array<int, 12> data{};
  std::iota(data.begin(), data.end(), 0);
  const MatrixView<int> m(data.data(), 3, 3, 4);
  const auto tail = m.rows_at(1, 2);
  EXPECT_EQ(tail.rows, 2U);
  EXPECT_EQ(tail.cols, 3U);
  EXPECT_EQ(tail.stride, 4U);
  EXPECT_EQ(tail(1, 2), 10);
}

TEST(MatrixView, MutableReadsAsConstant) {
  std::array<int, 4> data{1, 2, 3, 4};
  const MatrixView<int> m(data.data(), 2, 2);
  const MatrixView<const int> c = m;
  m(1, 1) = 9;
  EXPECT_EQ(c(1, 1), 9);
  static_assert(!std::is_convertible_v<MatrixView<const int>, MatrixView<int>>);
}

}  // namespace
}  // namespace fanin
