#include "fanin/linalg/qr.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/simd.h"
#include "fanin/random/distributions.h"

namespace fanin::linalg {
namespace {

std::vector<double> gaussian(std::size_t rows, std::size_t cols) {
  std::vector<float> z(rows * cols);
  random::fill_normal(random::Stream(rows * 1000 + cols), 0, z, 0, 1);
  return {z.begin(), z.end()};
}

std::vector<double> orthonormal(const std::vector<double>& a, std::size_t rows, std::size_t cols, double scale = 1,
                                std::size_t threads = 1) {
  ThreadPool pool(threads);
  std::vector<double> q(a.size());
  orthonormal_columns(MatrixView<const double>(a.data(), rows, cols), scale, MatrixView<double>(q.data(), rows, cols),
                      pool);
  return q;
}

double deviation_from_identity(const std::vector<double>& q, std::size_t rows, std::size_t cols) {
  double worst = 0;
  for (std::size_t i = 0; i < cols; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double dot = 0;
      for (std::size_t k = 0; k < rows; ++k) dot += q[k * cols + i] * q[k * cols + j];
      worst = std::max(worst, std::abs(dot - (i == j ? 1 : 0)));
    }
  }
  return worst;
}

// Modified Gram-Schmidt: the same Q for a well conditioned matrix, since R's diagonal is positive in both.
std::vector<double> gram_schmidt(std::vector<double> q, std::size_t rows, std::size_t cols) {
  for (std::size_t j = 0; j < cols; ++j) {
    for (std::size_t pass = 0; pass < 2; ++pass) {
      for (std::size_t i = 0; i < j; ++i) {
        double dot = 0;
        for (std::size_t k = 0; k < rows; ++k) dot += q[k * cols + i] * q[k * cols + j];
        for (std::size_t k = 0; k < rows; ++k) q[k * cols + j] -= dot * q[k * cols + i];
      }
    }
    double square = 0;
    for (std::size_t k = 0; k < rows; ++k) square += q[k * cols + j] * q[k * cols + j];
    for (std::size_t k = 0; k < rows; ++k) q[k * cols + j] /= std::sqrt(square);
  }
  return q;
}

const std::pair<std::size_t, std::size_t> kSizes[] = {{1, 1},   {2, 1},   {2, 2},   {5, 3},    {31, 31},  {32, 32},
                                                      {33, 33}, {64, 33}, {65, 64}, {130, 97}, {257, 40}, {200, 200}};

TEST(OrthonormalColumns, AreOrthonormal) {
  for (const auto& [rows, cols] : kSizes) {
    EXPECT_LT(deviation_from_identity(orthonormal(gaussian(rows, cols), rows, cols), rows, cols), 2e-14)
        << rows << "x" << cols;
  }
}

TEST(OrthonormalColumns, EqualGramSchmidtWithPositiveDiagonal) {
  for (const auto& [rows, cols] : kSizes) {
    const std::vector<double> a = gaussian(rows, cols);
    const std::vector<double> q = orthonormal(a, rows, cols);
    const std::vector<double> twin = gram_schmidt(a, rows, cols);
    // A square Gaussian matrix has a condition number of about its size.
    for (std::size_t i = 0; i < q.size(); ++i) ASSERT_NEAR(q[i], twin[i], 1e-11) << rows << "x" << cols;
  }
}

TEST(OrthonormalColumns, KnownFactorizations) {
  EXPECT_EQ(orthonormal({-7}, 1, 1), (std::vector<double>{-1}));
  EXPECT_EQ(orthonormal({0}, 1, 1), (std::vector<double>{1}));
  EXPECT_EQ(orthonormal({2, 0, 0, -3}, 2, 2), (std::vector<double>{1, 0, 0, -1}));
  const std::vector<double> q = orthonormal({3, 4}, 2, 1, 10);
  EXPECT_NEAR(q[0], 6, 1e-14);
  EXPECT_NEAR(q[1], 8, 1e-14);
}

TEST(OrthonormalColumns, SingularMatricesGiveOrthonormalColumnsToo) {
  EXPECT_LT(deviation_from_identity(orthonormal(std::vector<double>(40 * 35, 0.0), 40, 35), 40, 35), 1e-14);
  EXPECT_LT(deviation_from_identity(orthonormal(std::vector<double>(40 * 35, 1.0), 40, 35), 40, 35), 2e-14);
}

TEST(OrthonormalColumns, ThreadsAndTargetsDoNotChangeTheBits) {
  for (const auto& [rows, cols] : kSizes) {
    const std::vector<double> a = gaussian(rows, cols);
    simd::use_target("best");
    const std::vector<double> best = orthonormal(a, rows, cols, 1.5);
    for (const std::string& target : simd::targets()) {
      simd::use_target(target);
      for (const std::size_t threads : {1u, 3u}) {
        const std::vector<double> other = orthonormal(a, rows, cols, 1.5, threads);
        EXPECT_EQ(std::memcmp(best.data(), other.data(), best.size() * sizeof(double)), 0)
            << rows << "x" << cols << " " << target << " " << threads;
      }
    }
  }
  simd::use_target("best");
}

TEST(OrthonormalColumns, WorksInPlaceAndWithStrides) {
  constexpr std::size_t rows = 50;
  constexpr std::size_t cols = 40;
  constexpr std::size_t stride = 47;
  const std::vector<double> a = gaussian(rows, cols);
  std::vector<double> padded(rows * stride, 9.0);
  for (std::size_t r = 0; r < rows; ++r) std::copy_n(&a[r * cols], cols, &padded[r * stride]);
  ThreadPool pool(2);
  const MatrixView<double> view(padded.data(), rows, cols, stride);
  orthonormal_columns(view, 1, view, pool);
  const std::vector<double> q = orthonormal(a, rows, cols);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < stride; ++c) ASSERT_EQ(padded[r * stride + c], c < cols ? q[r * cols + c] : 9.0);
  }
}

TEST(OrthonormalColumns, FloatIsTheRoundedDouble) {
  const std::vector<double> a = gaussian(70, 50);
  const std::vector<double> q = orthonormal(a, 70, 50, 0.3);
  std::vector<float> f(a.begin(), a.end());
  ThreadPool pool(1);
  const MatrixView<float> view(f.data(), 70, 50);
  orthonormal_columns(MatrixView<const float>(view), 0.3, view, pool);
  for (std::size_t i = 0; i < q.size(); ++i) ASSERT_EQ(f[i], static_cast<float>(q[i]));
}

TEST(OrthonormalColumns, EmptyIsNothingToDo) {
  ThreadPool pool(1);
  orthonormal_columns(MatrixView<const double>(nullptr, 5, 0), 1, MatrixView<double>(nullptr, 5, 0), pool);
  orthonormal_columns(MatrixView<const double>(nullptr, 0, 0), 1, MatrixView<double>(nullptr, 0, 0), pool);
}

TEST(OrthonormalColumns, WideOrDifferentShapesAreRejected) {
  std::vector<double> a(6);
  ThreadPool pool(1);
  const auto bad = [&](MatrixView<const double> in, MatrixView<double> out) {
    try {
      orthonormal_columns(in, 1, out, pool);
      ADD_FAILURE();
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::usage);
    }
  };
  bad({a.data(), 2, 3}, {a.data(), 2, 3});
  bad({a.data(), 3, 2}, {a.data(), 2, 2});
  bad({a.data(), 3, 1}, {a.data(), 3, 2});
}

std::vector<float> reflections(const std::vector<float>& a, std::size_t rows, std::size_t cols, double scale = 1,
                               std::size_t threads = 1) {
  ThreadPool pool(threads);
  std::vector<float> q(a.size());
  reflections_of_columns(MatrixView<const float>(a.data(), rows, cols), scale, MatrixView<float>(q.data(), rows, cols),
                         pool);
  return q;
}

std::vector<float> normals(std::size_t rows, std::size_t cols) {
  const std::vector<double> a = gaussian(rows, cols);
  return {a.begin(), a.end()};
}

// One reflection after another, from the last column to the first, as the definition says.
std::vector<double> reflected_one_by_one(const std::vector<float>& a, std::size_t rows, std::size_t cols) {
  std::vector<double> q(rows * cols, 0.0);
  std::vector<double> signs(cols);
  for (std::size_t j = 0; j < cols; ++j) q[j * cols + j] = 1;
  for (std::size_t j = cols; j-- > 0;) {
    std::vector<double> v(rows, 0.0);
    double norm = 0;
    for (std::size_t i = j; i < rows; ++i) {
      v[i] = static_cast<double>(a[i * cols + j]);
      norm += v[i] * v[i];
    }
    norm = std::sqrt(norm);
    // Away from the axis, so that nothing cancels; in one dimension nothing is reflected.
    signs[j] = j + 1 == rows ? std::copysign(1.0, v[j]) : -std::copysign(1.0, v[j]);
    v[j] -= signs[j] * norm;
    double square = 0;
    for (std::size_t i = j; i < rows; ++i) square += v[i] * v[i];
    for (std::size_t c = 0; c < cols && square > 0; ++c) {
      double dot = 0;
      for (std::size_t i = j; i < rows; ++i) dot += v[i] * q[i * cols + c];
      for (std::size_t i = j; i < rows; ++i) q[i * cols + c] -= 2 * dot / square * v[i];
    }
  }
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < cols; ++j) q[i * cols + j] *= signs[j];
  }
  return q;
}

TEST(ReflectionsOfColumns, EqualReflectionsOneByOneAndAreOrthonormal) {
  for (const auto& [rows, cols] : kSizes) {
    const std::vector<float> a = normals(rows, cols);
    const std::vector<float> q = reflections(a, rows, cols, 2);
    const std::vector<double> twin = reflected_one_by_one(a, rows, cols);
    for (std::size_t i = 0; i < q.size(); ++i) ASSERT_NEAR(static_cast<double>(q[i]), 2 * twin[i], 1.3e-7);
    std::vector<double> halves(q.begin(), q.end());
    for (double& x : halves) x /= 2;
    EXPECT_LT(deviation_from_identity(halves, rows, cols), 2e-7) << rows << "x" << cols;
  }
}

TEST(ReflectionsOfColumns, DoNotReadAboveTheDiagonal) {
  std::vector<float> a = normals(70, 50);
  const std::vector<float> q = reflections(a, 70, 50);
  for (std::size_t i = 0; i < 50; ++i) {
    for (std::size_t j = i + 1; j < 50; ++j) a[i * 50 + j] = 1e30f;
  }
  EXPECT_EQ(reflections(a, 70, 50), q);
}

TEST(ReflectionsOfColumns, ThreadsAndTargetsDoNotChangeTheBits) {
  const std::vector<float> a = normals(150, 131);
  const std::vector<float> q = reflections(a, 150, 131);
  for (const std::size_t threads : {2u, 3u, 8u}) EXPECT_EQ(reflections(a, 150, 131, 1, threads), q) << threads;
  for (const std::string& target : simd::targets()) {
    simd::use_target(target);
    EXPECT_EQ(reflections(a, 150, 131), q) << target;
  }
  simd::use_target("best");
}

TEST(ReflectionsOfColumns, WideOrDifferentShapesAreRejected) {
  ThreadPool pool(1);
  std::vector<float> a(12);
  std::vector<float> q(12);
  for (const auto& [in, out] :
       {std::pair{MatrixView<const float>(a.data(), 3, 4), MatrixView<float>(q.data(), 3, 4)},
        std::pair{MatrixView<const float>(a.data(), 4, 3), MatrixView<float>(q.data(), 6, 2)}}) {
    EXPECT_THROW(reflections_of_columns(in, 1, out, pool), Error);
  }
}

}  // namespace
}  // namespace fanin::linalg
