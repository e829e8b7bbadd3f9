#include "fanin/linalg/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <tuple>
#include <vector>

#include "tests/support/each_target.h"

namespace fanin::linalg {
namespace {

/// A matrix on a plane with a wider stride, so that a write outside it is seen.
struct Plane {
  Plane(std::size_t rows_, std::size_t cols_, double phase, std::size_t gap = 3)
      : rows(rows_), cols(cols_), stride(cols_ + gap), data(rows_ * stride, kGap) {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) {
        data[r * stride + c] = static_cast<float>(std::sin(phase + 0.37 * static_cast<double>(r * cols + c)));
      }
    }
  }
  [[nodiscard]] MatrixView<float> view() { return {data.data(), rows, cols, stride}; }
  [[nodiscard]] bool gaps_are_intact() const {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = cols; c < stride; ++c) {
        if (data[r * stride + c] != kGap) return false;
      }
    }
    return true;
  }

  static constexpr float kGap = 77.0F;
  std::size_t rows, cols, stride;
  std::vector<float> data;
};

// The definition, element by element: c = fma(a_ik, b_kj, c) in the order of k.
void slow_product(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> c, bool transposed_a,
                  bool transposed_b) {
  const std::size_t depth = transposed_a ? a.rows : a.cols;
  for (std::size_t i = 0; i < c.rows; ++i) {
    for (std::size_t j = 0; j < c.cols; ++j) {
      float sum = c(i, j);
      for (std::size_t k = 0; k < depth; ++k) {
        sum = std::fma(transposed_a ? a(k, i) : a(i, k), transposed_b ? b(j, k) : b(k, j), sum);
      }
      c(i, j) = sum;
    }
  }
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Around every edge of the tiles: 1, vector widths and their neighbours, more than one depth block of 128.
const std::vector<std::tuple<std::size_t, std::size_t, std::size_t>> kShapes{
    {1, 1, 1},   {5, 10, 7},    {6, 64, 128},  {7, 65, 129}, {3, 15, 1},  {2, 16, 300},
    {13, 33, 5}, {50, 31, 131}, {1, 200, 257}, {6, 17, 64},  {12, 63, 2}, {4, 127, 127}};

TEST(Gemm, EqualsTheChainOfFusedMultiplyAddsBitForBit) {
  test::for_each_target([](const std::string& target) {
    for (const auto& [m, n, k] : kShapes) {
      Plane a(m, k, 0.1);
      Plane b(k, n, 0.7);
      Plane fast(m, n, 0.4);
      Plane slow(m, n, 0.4);
      slow_product(a.view(), b.view(), slow.view(), false, false);
      gemm(LeftOperand::plain(a.view()), b.view(), Start::accumulate, fast.view());
      EXPECT_TRUE(same_bits(fast.data, slow.data)) << target << " " << m << "x" << n << "x" << k;
    }
  });
}

TEST(Gemm, StartingFromZeroForgetsWhatCHeld) {
  test::for_each_target([](const std::string& target) {
    for (const auto& [m, n, k] : kShapes) {
      Plane a(m, k, 0.1);
      Plane b(k, n, 0.7);
      Plane fast(m, n, 0.4);
      Plane slow(m, n, 0.0);
      for (std::size_t r = 0; r < m; ++r) std::fill_n(slow.view().row(r), n, 0.0F);
      slow_product(a.view(), b.view(), slow.view(), false, false);
      gemm(LeftOperand::plain(a.view()), b.view(), Start::zero, fast.view());
      EXPECT_TRUE(same_bits(fast.data, slow.data)) << target << " " << m << "x" << n << "x" << k;
      EXPECT_TRUE(fast.gaps_are_intact());
    }
  });
}

TEST(Gemm, TransposedLeftOperandTakesColumns) {
  test::for_each_target([](const std::string& target) {
    for (const auto& [m, n, k] : kShapes) {
      Plane a(k, m, 0.1);
      Plane b(k, n, 0.7);
      Plane fast(m, n, 0.4);
      Plane slow(m, n, 0.4);
      slow_product(a.view(), b.view(), slow.view(), true, false);
      // In two pieces of rows: how the rows of C are cut does not show.
      const std::size_t half = m / 2;
      for (const auto& [first, count] : {std::pair{std::size_t{0}, half}, std::pair{half, m - half}}) {
        gemm(LeftOperand::transposed(a.view(), first, count), b.view(), Start::accumulate,
             fast.view().rows_at(first, count));
      }
      EXPECT_TRUE(same_bits(fast.data, slow.data)) << target << " " << m << "x" << n << "x" << k;
    }
  });
}

TEST(Gemm, PackedTransposeGivesXTimesWTransposedPlusBias) {
  test::for_each_target([](const std::string& target) {
    for (const auto& [m, n, k] : kShapes) {
      Plane x(m, k, 0.1);
      Plane w(n, k, 0.7);
      Plane fast(m, n, 0.4);
      Plane slow(m, n, 0.4);
      std::vector<float> bias(n);
      for (std::size_t j = 0; j < n; ++j) bias[j] = static_cast<float>(std::cos(static_cast<double>(j)));
      for (std::size_t r = 0; r < m; ++r) std::copy(bias.begin(), bias.end(), slow.view().row(r));
      slow_product(x.view(), w.view(), slow.view(), false, true);
      PackedTranspose packed(n, k);
      packed.refresh(w.view(), 0, n);
      gemm_transposed(x.view(), packed, bias, fast.view());
      EXPECT_TRUE(same_bits(fast.data, slow.data)) << target << " " << m << "x" << n << "x" << k;
    }
  });
}

TEST(PackedTranspose, RefreshOfSomeRowsChangesThoseAlone) {
  constexpr std::size_t kRows = 150;
  constexpr std::size_t kCols = 37;
  Plane w(kRows, kCols, 0.2);
  PackedTranspose packed(kRows, kCols);
  packed.refresh(w.view(), 0, kRows);
  Plane changed(kRows, kCols, 5.0);
  packed.refresh(changed.view(), 48, 32);
  for (std::size_t p = 0; p < packed.panels(); ++p) {
    const MatrixView<const float> panel = packed.panel(p);
    for (std::size_t c = 0; c < panel.cols; ++c) {
      const std::size_t row = p * PackedTranspose::kPanel + c;
      for (std::size_t i = 0; i < kCols; ++i) {
        const float expected = row >= 48 && row < 80 ? changed.view()(row, i) : w.view()(row, i);
        ASSERT_EQ(panel(i, c), expected) << row << "," << i;
      }
    }
  }
}

TEST(Gemm, AnEmptyInnerIndexLeavesTheStart) {
  Plane a(3, 1, 0.1);
  Plane c(3, 5, 0.4);
  const std::vector<float> before = c.data;
  const MatrixView<const float> no_rows(a.data.data(), 0, 5, 5);
  gemm(LeftOperand::plain({a.data.data(), 3, 0, 1}), no_rows, Start::accumulate, c.view());
  EXPECT_TRUE(same_bits(c.data, before));
  gemm(LeftOperand::plain({a.data.data(), 3, 0, 1}), no_rows, Start::zero, c.view());
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t j = 0; j < 5; ++j) EXPECT_EQ(c.view()(r, j), 0.0F);
  }
}

TEST(Gemm, NaNAndInfinityReachTheResult) {
  test::for_each_target([](const std::string& target) {
    Plane a(4, 40, 0.1);
    Plane b(40, 20, 0.7);
    a.view()(2, 17) = std::nanf("");
    Plane c(4, 20, 0.0);
    gemm(LeftOperand::plain(a.view()), b.view(), Start::zero, c.view());
    for (std::size_t j = 0; j < 20; ++j) {
      EXPECT_TRUE(std::isnan(c.view()(2, j))) << target;
      EXPECT_FALSE(std::isnan(c.view()(1, j))) << target;
    }
  });
}

}  // namespace
}  // namespace fanin::linalg
