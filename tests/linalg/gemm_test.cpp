#include "fanin/linalg/gemm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <tuple>
#include <vector>

#include "fanin/core/error.h"

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

// The definition, element by element: c = fma(a_ik, b_kj, c) in the order of k, and + 0.
void slow_product(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> c, bool transposed_a,
                  bool transposed_b) {
  const std::size_t depth = transposed_a ? a.rows : a.cols;
  for (std::size_t i = 0; i < c.rows; ++i) {
    for (std::size_t j = 0; j < c.cols; ++j) {
      float sum = c(i, j);
      for (std::size_t k = 0; k < depth; ++k) {
        sum = std::fma(transposed_a ? a(k, i) : a(i, k), transposed_b ? b(j, k) : b(k, j), sum);
      }
      c(i, j) = sum + 0.0F;
    }
  }
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Around every edge of the tiles: 1, vector widths and their neighbours, more than one part of the depth, enough rows
// for a copy of B, rows of B a power of two apart.
const std::vector<std::tuple<std::size_t, std::size_t, std::size_t>> kShapes{
    {1, 1, 1},     {5, 10, 7},    {6, 64, 128}, {7, 65, 129}, {3, 15, 1},    {2, 16, 300},  {13, 33, 5},
    {50, 31, 131}, {1, 200, 257}, {6, 17, 64},  {12, 63, 2},  {4, 127, 127}, {130, 65, 20}, {20, 509, 40}};

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
      packed.refresh(w.view(), 0);
      gemm_transposed(x.view(), packed, bias, fast.view());
      EXPECT_TRUE(same_bits(fast.data, slow.data)) << target << " " << m << "x" << n << "x" << k;
    }
  });
}

// Zeros at random places, among them whole rows and whole columns, and -0.
Plane with_zeros(std::size_t rows, std::size_t cols, double phase, double share) {
  Plane p(rows, cols, phase);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) {
      const auto hash = static_cast<double>((r * 7919 + c * 104729 + r * c) % 1000) / 1000;
      if (hash < share || r % 11 == 3 || c % 13 == 5) p.view()(r, c) = (r + c) % 2 == 0 ? 0.0F : -0.0F;
    }
  }
  return p;
}

TEST(Gemm, SkippingZerosChangesNoBit) {
  test::for_each_target([](const std::string& target) {
    for (const auto& [m, n, k] : kShapes) {
      for (const double share : {0.0, 0.4, 0.9, 1.0}) {
        Plane x = with_zeros(m, k, 0.1, share);
        Plane w(n, k, 0.7);
        // A product that underflows leaves -0 in the middle of a chain.
        w.view()(n / 2, k / 2) = -1e-45F;
        std::vector<float> bias(n, -0.0F);
        PackedTranspose packed(n, k);
        packed.refresh(w.view(), 0);
        Plane b(k, n, 0.9);
        Plane slow(m, n, 0.4);
        for (std::size_t r = 0; r < m; ++r) std::copy(bias.begin(), bias.end(), slow.view().row(r));
        slow_product(x.view(), w.view(), slow.view(), false, true);
        Plane accumulated(m, n, 0.4);
        slow_product(x.view(), b.view(), accumulated.view(), false, false);
        for (const Zeros zeros : {Zeros::multiply, Zeros::skip, Zeros::automatic}) {
          Plane fast(m, n, 0.4);
          gemm_transposed(x.view(), packed, bias, fast.view(), zeros);
          EXPECT_TRUE(same_bits(fast.data, slow.data)) << target << " " << m << "x" << n << "x" << k << str(zeros);
          Plane sum(m, n, 0.4);
          gemm(LeftOperand::plain(x.view()), b.view(), Start::accumulate, sum.view(), zeros);
          EXPECT_TRUE(same_bits(sum.data, accumulated.data))
              << target << " " << m << "x" << n << "x" << k << str(zeros);
        }
      }
    }
  });
}

TEST(Gemm, StartsFromARowOfBiases) {
  test::for_each_target([](const std::string& target) {
    for (const auto& [m, n, k] : kShapes) {
      Plane x = with_zeros(m, k, 0.1, 0.5);
      Plane b(k, n, 0.7);
      std::vector<float> bias(n);
      for (std::size_t j = 0; j < n; ++j) bias[j] = static_cast<float>(std::cos(static_cast<double>(j)));
      Plane slow(m, n, 0.4);
      for (std::size_t r = 0; r < m; ++r) std::copy(bias.begin(), bias.end(), slow.view().row(r));
      slow_product(x.view(), b.view(), slow.view(), false, false);
      for (const Zeros zeros : {Zeros::multiply, Zeros::skip}) {
        Plane fast(m, n, 0.4);
        gemm(LeftOperand::plain(x.view()), b.view(), Start::row(bias), fast.view(), zeros);
        EXPECT_TRUE(same_bits(fast.data, slow.data)) << target << " " << m << "x" << n << "x" << k << str(zeros);
      }
    }
  });
}

TEST(Gemm, EveryElementIsInOneFinishedBlock) {
  test::for_each_target([](const std::string& target) {
    for (const auto& [m, n, k] : kShapes) {
      Plane x = with_zeros(m, k, 0.1, 0.5);
      Plane b(k, n, 0.7);
      Plane w(n, k, 0.2);
      PackedTranspose packed(n, k);
      packed.refresh(w.view(), 0);
      Plane expected(m, n, 0.0);
      Plane expected_transposed(m, n, 0.0);
      gemm(LeftOperand::plain(x.view()), b.view(), Start::zero, expected.view());
      gemm_transposed(x.view(), packed, {}, expected_transposed.view());
      for (const Zeros zeros : {Zeros::multiply, Zeros::skip}) {
        for (const bool transposed : {false, true}) {
          Plane c(m, n, 0.0);
          std::vector<int> times(m * n);
          const auto& final_values = transposed ? expected_transposed : expected;
          const auto done = [&](const Block& block) {
            for (std::size_t i = block.row; i < block.row + block.rows; ++i) {
              for (std::size_t j = block.col; j < block.col + block.cols; ++j) {
                ++times[i * n + j];
                ASSERT_EQ(c.view()(i, j), final_values.data[i * c.stride + j]) << target;
              }
            }
          };
          if (transposed) {
            gemm_transposed(x.view(), packed, {}, c.view(), zeros, done);
          } else {
            gemm(LeftOperand::plain(x.view()), b.view(), Start::zero, c.view(), zeros, done);
          }
          EXPECT_EQ(std::count(times.begin(), times.end(), 1), static_cast<std::ptrdiff_t>(m * n)) << target;
        }
      }
    }
  });
}

TEST(Gemm, ManyRowsAndALongInnerIndexAreCutWithoutATrace) {
  constexpr std::size_t kRows = 250;
  constexpr std::size_t kDepth = 1100;
  constexpr std::size_t kCols = 300;
  Plane a(kRows, kDepth, 0.1);
  Plane b(kDepth, kCols, 0.7);
  Plane slow(kRows, kCols, 0.4);
  slow_product(a.view(), b.view(), slow.view(), false, false);
  test::for_each_target([&](const std::string& target) {
    for (const Zeros zeros : {Zeros::multiply, Zeros::skip}) {
      Plane fast(kRows, kCols, 0.4);
      gemm(LeftOperand::plain(a.view()), b.view(), Start::accumulate, fast.view(), zeros);
      EXPECT_TRUE(same_bits(fast.data, slow.data)) << target << " " << str(zeros);
    }
  });
}

TEST(Zeros, TextAndBack) {
  for (const Zeros zeros : {Zeros::automatic, Zeros::multiply, Zeros::skip}) EXPECT_EQ(parse_zeros(str(zeros)), zeros);
  EXPECT_THROW((void)parse_zeros("skp"), Error);
  EXPECT_THROW((void)parse_zeros(""), Error);
}

TEST(PackedTranspose, RefreshOfSomeRowsChangesThoseAlone) {
  constexpr std::size_t kRows = 150;
  constexpr std::size_t kCols = 37;
  Plane w(kRows, kCols, 0.2);
  PackedTranspose packed(kRows, kCols);
  packed.refresh(w.view(), 0);
  Plane changed(kRows, kCols, 5.0);
  packed.refresh(changed.view().rows_at(48, 32), 48);
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

TEST(PackedTranspose, RefreshOfABlockChangesThatAlone) {
  constexpr std::size_t kRows = 150;
  constexpr std::size_t kCols = 97;
  test::for_each_target([&](const std::string& target) {
    Plane w(kRows, kCols, 0.2);
    PackedTranspose packed(kRows, kCols);
    packed.refresh(w.view(), 0);
    Plane changed(kRows, kCols, 5.0);
    const MatrixView<float> all = changed.view();
    packed.refresh({all.row(40) + 16, 91, 37, all.stride}, 40, 16);
    for (std::size_t i = 0; i < kRows; ++i) {
      const MatrixView<const float> panel = packed.panel(i / PackedTranspose::kPanel);
      for (std::size_t j = 0; j < kCols; ++j) {
        const bool inside = i >= 40 && i < 131 && j >= 16 && j < 53;
        ASSERT_EQ(panel(j, i % PackedTranspose::kPanel), inside ? all(i, j) : w.view()(i, j)) << target;
      }
    }
  });
}

TEST(PackedTranspose, UnpackingGivesBlocksBackAndNothingElse) {
  constexpr std::size_t kRows = 150;
  constexpr std::size_t kCols = 97;
  test::for_each_target([&](const std::string& target) {
    Plane w(kRows, kCols, 0.2);
    std::vector<float> panels(PackedTranspose::size(kRows, kCols), 99.0F);
    PackedTranspose outside(kRows, kCols, panels.data());
    outside.refresh(w.view(), 0);
    // 150 rows end 10 places before the last cache line does.
    EXPECT_EQ(std::count(panels.begin(), panels.end(), 99.0F), static_cast<std::ptrdiff_t>(10 * kCols));
    for (std::size_t i = 0; i < kRows; ++i) {
      for (std::size_t j = 0; j < kCols; ++j) ASSERT_EQ(panels[outside.offset(i, j)], w.view()(i, j)) << target;
    }
    Plane back(kRows, kCols, 5.0);
    Plane before(kRows, kCols, 5.0);
    const MatrixView<float> all = back.view();
    outside.unpack({all.row(40) + 16, 91, 37, all.stride}, 40, 16);
    for (std::size_t i = 0; i < kRows; ++i) {
      for (std::size_t j = 0; j < kCols; ++j) {
        const bool inside = i >= 40 && i < 131 && j >= 16 && j < 53;
        ASSERT_EQ(all(i, j), inside ? w.view()(i, j) : before.view()(i, j)) << target << i << "," << j;
      }
    }
  });
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
