#include <algorithm>

#include "init_test_support.h"

namespace fanin::init {
namespace {

// The largest deviation of W W^T (or W^T W) from gain^2 I, rows or columns whichever are fewer.
double deviation(const std::vector<float>& w, std::size_t rows, std::size_t cols, double gain) {
  const bool wide = rows < cols;
  const std::size_t few = std::min(rows, cols);
  const std::size_t many = std::max(rows, cols);
  double worst = 0;
  for (std::size_t i = 0; i < few; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double dot = 0;
      for (std::size_t k = 0; k < many; ++k) {
        dot += wide ? double{w[i * cols + k]} * w[j * cols + k] : double{w[k * cols + i]} * w[k * cols + j];
      }
      worst = std::max(worst, std::abs(dot - (i == j ? gain * gain : 0)));
    }
  }
  return worst;
}

TEST(Orthogonal, RowsOrColumnsAreOrthonormal) {
  for (const auto& [rows, cols] : std::vector<std::pair<std::size_t, std::size_t>>{
           {1, 1}, {1, 7}, {7, 1}, {5, 5}, {31, 32}, {32, 31}, {33, 33}, {100, 64}, {64, 100}, {200, 130}}) {
    const std::vector<float> w = filled("orthogonal(3)", {rows, cols}, {});
    // Each of the products in a sum carries two float32 roundings.
    EXPECT_LT(deviation(w, rows, cols, 3), 9 * 2e-7) << rows << "x" << cols;
  }
}

TEST(Orthogonal, HigherRanksAreFlattenedAfterTheFirstAxis) {
  const std::vector<float> conv = filled("orthogonal", {8, 3, 3, 3}, {});
  EXPECT_EQ(conv, filled("orthogonal", {8, 27}, {}));
  EXPECT_LT(deviation(conv, 8, 27, 1), 2e-7);
}

TEST(Orthogonal, WideIsTheTransposeOfTall) {
  const std::vector<float> tall = filled("orthogonal", {40, 9}, {});
  const std::vector<float> wide = filled("orthogonal", {9, 40}, {});
  for (std::size_t r = 0; r < 40; ++r) {
    for (std::size_t c = 0; c < 9; ++c) ASSERT_EQ(tall[r * 9 + c], wide[c * 40 + r]);
  }
}

TEST(Orthogonal, OneByOneIsPlusOrMinusGain) {
  int positive = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const float x = filled("orthogonal(2)", {1, 1}, {}, random::Stream(seed))[0];
    ASSERT_EQ(std::abs(x), 2.f);
    positive += x > 0;
  }
  // Five standard deviations of a fair coin.
  EXPECT_NEAR(positive, 200, 50);
}

// Without the sign fix the first column would always point away from the first axis.
TEST(Orthogonal, IsHaarDistributedNotJustOrthogonal) {
  int positive = 0;
  double trace = 0;
  constexpr int kDraws = 2000;
  for (std::uint64_t seed = 0; seed < kDraws; ++seed) {
    const std::vector<float> w = filled("orthogonal", {3, 3}, {}, random::Stream(seed, "haar"));
    positive += w[0] > 0;
    trace += double{w[0]} + w[4] + w[8];
  }
  EXPECT_NEAR(positive, kDraws / 2, 5 * std::sqrt(kDraws / 4.0));
  // The trace of a Haar orthogonal matrix has mean 0 and variance 1.
  EXPECT_NEAR(trace / kDraws, 0, 4.5 / std::sqrt(kDraws));
}

// Moments of the Haar measure on O(n): E q^2 = 1 / n, E q^4 = 3 / (n (n + 2)) for each element, and traces of mean 0
// and variance 1 (Diaconis and Shahshahani 1994), E tr(Q^2) = 1.
TEST(Orthogonal, HasTheMomentsOfTheHaarMeasure) {
  constexpr std::size_t n = 5;
  constexpr int kDraws = 4000;
  const double draws = kDraws;
  std::vector<double> squares(n * n);
  double trace_square = 0;
  double trace_of_square = 0;
  double fourth = 0;
  for (std::uint64_t seed = 0; seed < kDraws; ++seed) {
    const std::vector<float> w = filled("orthogonal", {n, n}, {}, random::Stream(seed, "moments"));
    double trace = 0;
    for (std::size_t i = 0; i < n; ++i) {
      trace += double{w[i * n + i]};
      for (std::size_t j = 0; j < n; ++j) {
        const double q = double{w[i * n + j]};
        squares[i * n + j] += q * q / draws;
        fourth += q * q * q * q / (draws * n * n);
        trace_of_square += q * double{w[j * n + i]} / draws;
      }
    }
    trace_square += trace * trace / draws;
  }
  const double spread = std::sqrt(3.0 / (n * (n + 2)) - 1.0 / (n * n));
  for (const double square : squares) EXPECT_NEAR(square, 1.0 / n, 5 * spread / std::sqrt(draws));
  // q^4 is at most 1, so its variance is at most its mean; the elements of one draw count as one.
  EXPECT_NEAR(fourth, 3.0 / (n * (n + 2)), 4.5 * std::sqrt(3.0 / (n * (n + 2)) / draws) / n);
  EXPECT_NEAR(trace_square, 1, 4.5 * std::sqrt(2 / draws));
  EXPECT_NEAR(trace_of_square, 1, 4.5 * std::sqrt(2 / draws));
}

TEST(Identity, IsGainOnTheDiagonal) {
  EXPECT_EQ(filled("identity", {2, 3}, {}), (std::vector<float>{1, 0, 0, 0, 1, 0}));
  EXPECT_EQ(filled("identity(-0.5)", {3, 2}, {}), (std::vector<float>{-0.5, 0, 0, -0.5, 0, 0}));
  EXPECT_EQ(filled("eye", {1, 1}, {}), (std::vector<float>{1}));
}

TEST(Dirac, PassesEachChannelUnchanged) {
  EXPECT_EQ(filled("dirac", {2, 2, 3}, {}), (std::vector<float>{0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0}));
  // An even kernel's middle is the later one, as in torch.nn.init.dirac_.
  EXPECT_EQ(filled("dirac", {1, 1, 2, 2}, {}), (std::vector<float>{0, 0, 0, 1}));
  // More outputs than inputs: the rest stays 0.
  EXPECT_EQ(filled("dirac", {3, 1, 1}, {}), (std::vector<float>{1, 0, 0}));
  EXPECT_EQ(filled("dirac(3)", {3, 1, 1}, {}), (std::vector<float>{1, 1, 1}));
  EXPECT_EQ(filled("dirac(2)", {4, 2, 1}, {}), (std::vector<float>{1, 0, 0, 1, 1, 0, 0, 1}));
}

TEST(Sparse, EveryColumnHasItsZeros) {
  for (const auto& [sparsity, zeros] :
       std::vector<std::pair<std::string, int>>{{"0", 0}, {"0.1", 4}, {"0.5", 17}, {"1", 33}}) {
    const std::vector<float> w = filled("sparse(" + sparsity + ")", {33, 50}, {});
    for (std::size_t c = 0; c < 50; ++c) {
      int count = 0;
      for (std::size_t r = 0; r < 33; ++r) count += w[r * 50 + c] == 0;
      ASSERT_EQ(count, zeros) << sparsity << " column " << c;
    }
  }
}

TEST(Sparse, ZerosFallOnEveryRowAlike) {
  const std::vector<float> w = filled("sparse(0.25, 1)", {20, 4000}, {});
  for (std::size_t r = 0; r < 20; ++r) {
    const auto zeros = std::count(w.begin() + static_cast<std::ptrdiff_t>(r * 4000),
                                  w.begin() + static_cast<std::ptrdiff_t>((r + 1) * 4000), 0.f);
    EXPECT_NEAR(static_cast<double>(zeros), 1000, 5 * std::sqrt(4000 * 0.25 * 0.75)) << r;
  }
}

}  // namespace
}  // namespace fanin::init
