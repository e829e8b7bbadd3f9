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

TEST(LargestEigenpairs, WrongCallsAreRejected) {
  const std::vector<double> a = second_difference(4);
  EXPECT_EQ(kind_of_error({a.data(), 4, 4}, 5), ErrorKind::usage);
  EXPECT_EQ(kind_of_error({a.data(), 2, 4}, 1), ErrorKind::usage);
  const std::vector<double> nan(16, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(kind_of_error({nan.data(), 4, 4}, 1), ErrorKind::numeric);
}

}  // namespace
}  // namespace fanin::linalg
