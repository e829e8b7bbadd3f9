#include "fanin/linalg/eigen.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "fanin/core/error.h"

namespace fanin::linalg {
namespace {

ErrorKind kind_of_error(MatrixView<const double> a, std::size_t k) {
  try {
    ThreadPool pool(1);
    (void)largest_eigenpairs(a, k, pool);
  } catch (const Error& e) {
    return e.kind();
  }
  ADD_FAILURE() << "no error";
  return ErrorKind::io;
}

// 2 on the diagonal, -1 beside it: the eigenvalues are 2 - 2 cos(pi j / (n + 1)), the vectors sin(pi i j / (n + 1)).
std::vector<double> second_difference(std::size_t n) {
  std::vector<double> a(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    a[i * n + i] = 2;
    if (i > 0) a[i * n + i - 1] = a[(i - 1) * n + i] = -1;
  }
  return a;
}

double second_difference_value(std::size_t n, std::size_t i) {
  return 2 - 2 * std::cos(std::numbers::pi * static_cast<double>(n - i) / static_cast<double>(n + 1));
}

TEST(SymmetricEigenpairs, OfASmallMatrixAreKnown) {
  const double a[] = {2, 99, 1, 2};  // the upper triangle is not read
  const Eigenpairs p = symmetric_eigenpairs({a, 2, 2});
  EXPECT_NEAR(p.values[0], 3, 1e-15);
  EXPECT_NEAR(p.values[1], 1, 1e-15);
  const double h = std::sqrt(0.5);
  const double vectors[] = {h, h, h, -h};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(p.vectors[i], vectors[i], 1e-15) << i;
}

TEST(SymmetricEigenpairs, OfTheSecondDifferenceAreCosines) {
  constexpr std::size_t kN = 60;
  const std::vector<double> a = second_difference(kN);
  const Eigenpairs p = symmetric_eigenpairs({a.data(), kN, kN});
  for (std::size_t i = 0; i < kN; ++i) {
    EXPECT_NEAR(p.values[i], second_difference_value(kN, i), 1e-13) << i;
    const double* v = p.vectors.data() + i * kN;
    EXPECT_GT(*std::max_element(v, v + kN, [](double x, double y) { return std::abs(x) < std::abs(y); }), 0) << i;
  }
}

// What makes a decomposition one: A v = lambda v, vectors orthonormal, values in order.
void expect_decomposition(const std::vector<double>& a, std::size_t n, const Eigenpairs& p, double error) {
  ASSERT_EQ(p.values.size(), n);
  ASSERT_EQ(p.vectors.size(), n * n);
  for (std::size_t i = 0; i < n; ++i) {
    const double* v = p.vectors.data() + i * n;
    EXPECT_LE(p.values[i], p.values[i == 0 ? 0 : i - 1]);
    for (std::size_t r = 0; r < n; ++r) {
      double av = 0;
      for (std::size_t c = 0; c < n; ++c) av += a[std::max(r, c) * n + std::min(r, c)] * v[c];
      EXPECT_NEAR(av, p.values[i] * v[r], error) << i;
    }
    for (std::size_t j = 0; j <= i; ++j) {
      double product = 0;
      for (std::size_t c = 0; c < n; ++c) product += v[c] * p.vectors[j * n + c];
      EXPECT_NEAR(product, i == j ? 1 : 0, 1e-13) << i << " " << j;
    }
    EXPECT_GT(*std::max_element(v, v + n, [](double x, double y) { return std::abs(x) < std::abs(y); }), 0) << i;
  }
}

// Numbers without a pattern, some of them negative eigenvalues.
std::vector<double> scrambled(std::size_t n) {
  std::vector<double> a(n * n);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = std::sin(static_cast<double>(i * i % 1009) + 0.5);
  return a;
}

TEST(AllEigenpairs, AreADecompositionAndThoseOfJacobi) {
  ThreadPool pool(2);
  for (const std::size_t n : {1U, 2U, 3U, 7U, 40U, 97U}) {
    const std::vector<double> a = scrambled(n);
    const Eigenpairs p = all_eigenpairs({a.data(), n, n}, pool);
    expect_decomposition(a, n, p, 1e-13 * static_cast<double>(n));
    const Eigenpairs jacobi = symmetric_eigenpairs({a.data(), n, n});
    for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(p.values[i], jacobi.values[i], 1e-14 * static_cast<double>(n)) << i;
  }
  EXPECT_TRUE(all_eigenpairs({nullptr, 0, 0}, pool).values.empty());
}

TEST(AllEigenpairs, OfTheSecondDifferenceAreCosines) {
  constexpr std::size_t kN = 150;
  const std::vector<double> a = second_difference(kN);
  ThreadPool pool(1);
  const Eigenpairs p = all_eigenpairs({a.data(), kN, kN}, pool);
  for (std::size_t i = 0; i < kN; ++i) EXPECT_NEAR(p.values[i], second_difference_value(kN, i), 1e-13) << i;
}

// Equal and vanishing values: the matrix splits.
TEST(AllEigenpairs, OfMatricesThatSplit) {
  constexpr std::size_t kN = 70;
  ThreadPool pool(1);
  std::vector<double> diagonal(kN * kN);
  for (std::size_t i = 0; i < kN; ++i) diagonal[i * kN + i] = i % 3 == 0 ? 0 : (i % 3 == 1 ? 2 : 1e-9);
  expect_decomposition(diagonal, kN, all_eigenpairs({diagonal.data(), kN, kN}, pool), 1e-15);
  std::vector<double> ones(kN * kN, 1.0);
  const Eigenpairs p = all_eigenpairs({ones.data(), kN, kN}, pool);
  expect_decomposition(ones, kN, p, 1e-12);
  EXPECT_NEAR(p.values[0], kN, 1e-12);
  EXPECT_NEAR(p.values[1], 0, 1e-13);
  const std::vector<double> zeros(kN * kN);
  EXPECT_EQ(all_eigenpairs({zeros.data(), kN, kN}, pool).values, std::vector<double>(kN));
}

TEST(AllEigenpairs, ScaleWithTheMatrix) {
  constexpr std::size_t kN = 20;
  ThreadPool pool(1);
  std::vector<double> a = scrambled(kN);
  const Eigenpairs p = all_eigenpairs({a.data(), kN, kN}, pool);
  for (double& x : a) x *= 0x1p600;
  const Eigenpairs large = all_eigenpairs({a.data(), kN, kN}, pool);
  for (std::size_t i = 0; i < kN; ++i) EXPECT_EQ(large.values[i], p.values[i] * 0x1p600);
  EXPECT_EQ(large.vectors, p.vectors);
}

TEST(AllEigenpairs, DoNotDependOnThreads) {
  constexpr std::size_t kN = 130;
  const std::vector<double> a = scrambled(kN);
  ThreadPool one(1);
  const Eigenpairs x = all_eigenpairs({a.data(), kN, kN}, one);
  for (const std::size_t threads : {2U, 4U}) {
    ThreadPool pool(threads);
    const Eigenpairs y = all_eigenpairs({a.data(), kN, kN}, pool);
    EXPECT_EQ(x.values, y.values);
    EXPECT_EQ(x.vectors, y.vectors);
  }
}

TEST(AllEigenpairs, WrongCallsAreRejected) {
  ThreadPool pool(1);
  std::vector<double> a = scrambled(4);
  EXPECT_THROW((void)all_eigenpairs({a.data(), 2, 4}, pool), Error);
  a[4] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW((void)all_eigenpairs({a.data(), 4, 4}, pool), Error);
}

// Many of a larger matrix come from the decomposition, few from subspace iteration: the same ones.
TEST(LargestEigenpairs, AreTheSameHoweverManyAreAskedFor) {
  constexpr std::size_t kN = 100;
  const std::vector<double> a = second_difference(kN);
  ThreadPool pool(1);
  const Eigenpairs few = largest_eigenpairs({a.data(), kN, kN}, 3, pool);
  const Eigenpairs many = largest_eigenpairs({a.data(), kN, kN}, 40, pool);
  ASSERT_EQ(many.values.size(), 40U);
  ASSERT_EQ(many.vectors.size(), 40 * kN);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(few.values[i], many.values[i], 1e-12);
    // Up to the sign: these vectors have two elements of the largest magnitude.
    double product = 0;
    for (std::size_t j = i * kN; j < (i + 1) * kN; ++j) product += few.vectors[j] * many.vectors[j];
    EXPECT_NEAR(std::abs(product), 1, 1e-12);
  }
}

TEST(LargestEigenpairs, AreThoseOfTheWholeMatrix) {
  constexpr std::size_t kN = 60;
  constexpr std::size_t kK = 4;
  const std::vector<double> a = second_difference(kN);
  ThreadPool pool(1);
  const Eigenpairs p = largest_eigenpairs({a.data(), kN, kN}, kK, pool);
  ASSERT_EQ(p.values.size(), kK);
  ASSERT_EQ(p.vectors.size(), kK * kN);
  for (std::size_t i = 0; i < kK; ++i) {
    EXPECT_NEAR(p.values[i], second_difference_value(kN, i), 1e-12) << i;
    double square = 0;
    double residual = 0;
    for (std::size_t r = 0; r < kN; ++r) {
      const double* v = p.vectors.data() + i * kN;
      double av = 2 * v[r];
      if (r > 0) av -= v[r - 1];
      if (r + 1 < kN) av -= v[r + 1];
      square += v[r] * v[r];
      residual = std::max(residual, std::abs(av - p.values[i] * v[r]));
    }
    EXPECT_NEAR(square, 1, 1e-12);
    EXPECT_LT(residual, 1e-9);
  }
}

TEST(LargestEigenpairs, DoNotDependOnThreads) {
  constexpr std::size_t kN = 50;
  const std::vector<double> a = second_difference(kN);
  ThreadPool one(1);
  ThreadPool four(4);
  const Eigenpairs x = largest_eigenpairs({a.data(), kN, kN}, 3, one);
  const Eigenpairs y = largest_eigenpairs({a.data(), kN, kN}, 3, four);
  EXPECT_EQ(x.values, y.values);
  EXPECT_EQ(x.vectors, y.vectors);
}

TEST(LargestEigenpairs, OfALowRankMatrixEndInZeros) {
  constexpr std::size_t kN = 30;
  std::vector<double> a(kN * kN);
  for (std::size_t i = 0; i < kN; ++i) a[i * kN + i] = i < 2 ? 5.0 - static_cast<double>(i) : 0.0;
  ThreadPool pool(1);
  const Eigenpairs p = largest_eigenpairs({a.data(), kN, kN}, 3, pool);
  EXPECT_NEAR(p.values[0], 5, 1e-12);
  EXPECT_NEAR(p.values[1], 4, 1e-12);
  EXPECT_NEAR(p.values[2], 0, 1e-9);
}

// Squares of the elements beside the diagonal vanish.
TEST(AllEigenpairs, ElementsWhoseSquaresVanishCountAsNone) {
  for (const double tiny : {1e-150, 1e-155, 1e-160, 1e-200, 5e-324}) {
    constexpr std::size_t kN = 4;
    std::vector<double> a(kN * kN);
    for (std::size_t i = 0; i < kN; ++i) {
      for (std::size_t j = 0; j < kN; ++j) a[i * kN + j] = tiny * static_cast<double>(1 + i + j);
    }
    a[kN * kN - 1] = 1;
    ThreadPool pool(1);
    const Eigenpairs p = all_eigenpairs({a.data(), kN, kN}, pool);
    EXPECT_EQ(p.values[0], 1) << tiny;
    EXPECT_NEAR(p.values[3], 0, 1e-140) << tiny;
    for (const double x : p.vectors) EXPECT_TRUE(std::isfinite(x)) << tiny;
  }
}

TEST(LargestEigenpairs, WrongCallsAreRejected) {
  const std::vector<double> a = second_difference(4);
  EXPECT_EQ(kind_of_error({a.data(), 4, 4}, 5), ErrorKind::usage);
  EXPECT_EQ(kind_of_error({a.data(), 2, 4}, 1), ErrorKind::usage);
  const std::vector<double> nan(16, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(kind_of_error({nan.data(), 4, 4}, 1), ErrorKind::numeric);
}

}  // namespace
}  // namespace fanin::linalg
