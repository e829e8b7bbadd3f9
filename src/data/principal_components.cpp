#include "fanin/data/principal_components.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "fanin/core/buffer.h"
#include "fanin/core/error.h"
#include "fanin/data/statistics.h"
#include "fanin/linalg/eigen.h"
#include "fanin/linalg/gemm.h"

namespace fanin::data {
namespace {

constexpr std::size_t kSamples = 500;  // at a time

std::vector<std::uint32_t> range(std::size_t first, std::size_t count) {
  std::vector<std::uint32_t> indices(count);
  std::iota(indices.begin(), indices.end(), static_cast<std::uint32_t>(first));
  return indices;
}

// Sum over the samples of (x - mean)(x - mean)^T / n.
std::vector<double> covariance(const Dataset& data, const std::vector<double>& mean, ThreadPool& pool) {
  constexpr std::size_t kRows = 48;
  const std::size_t d = data.features();
  std::vector<double> sum(d * d);
  Buffer<float> x(kSamples * d);
  Buffer<float> products(d * d);
  for (std::size_t begin = 0; begin < data.size(); begin += kSamples) {
    const std::size_t n = std::min(kSamples, data.size() - begin);
    const MatrixView<float> rows(x.data(), n, d);
    data.gather(range(begin, n), rows);
    for (std::size_t r = 0; r < n; ++r) {
      for (std::size_t j = 0; j < d; ++j) rows(r, j) = static_cast<float>(static_cast<double>(rows(r, j)) - mean[j]);
    }
    parallel_for(pool, d, kRows, [&](std::size_t first, std::size_t last) {
      const MatrixView<float> c(products.data() + first * d, last - first, d);
      linalg::gemm(linalg::LeftOperand::transposed(rows, first, last - first), rows, linalg::Start::zero, c);
      for (std::size_t i = first * d; i < last * d; ++i) sum[i] += static_cast<double>(products[i]);
    });
  }
  for (double& s : sum) s /= static_cast<double>(data.size());
  return sum;
}

}  // namespace

PrincipalComponents::PrincipalComponents(const Dataset& data, std::size_t components, ThreadPool& pool) {
  constexpr std::size_t kMostFeatures = 8192;
  const std::size_t d = data.features();
  if (components > d || (components > 0 && d > kMostFeatures)) {
    throw Error(ErrorKind::usage, "pca",
                fmt::format("{} components of {} features asked for, allowed are 0 to {} of up to {} features",
                            components, d, std::min(d, kMostFeatures), kMostFeatures));
  }
  mean_ = feature_statistics(data, pool).mean;
  if (components == 0) return;
  const std::vector<double> c = covariance(data, mean_, pool);
  linalg::Eigenpairs pairs = linalg::largest_eigenpairs({c.data(), d, d}, components, pool);
  variances_ = std::move(pairs.values);
  components_ = std::move(pairs.vectors);
}

void PrincipalComponents::check(const Dataset& data) const {
  if (data.features() == features()) return;
  throw Error(
      ErrorKind::usage, "pca",
      fmt::format("{} has {} features a sample, the components have {}", data.name(), data.features(), features()));
}

void PrincipalComponents::reconstruct(std::span<const float> x, std::span<double> out) const {
  std::copy(mean_.begin(), mean_.end(), out.begin());
  for (std::size_t i = 0; i < size(); ++i) {
    const std::span<const double> c = component(i);
    double z = 0;
    for (std::size_t j = 0; j < x.size(); ++j) z += c[j] * (static_cast<double>(x[j]) - mean_[j]);
    for (std::size_t j = 0; j < x.size(); ++j) out[j] += z * c[j];
  }
}

std::vector<float> PrincipalComponents::reconstructions(const Dataset& data,
                                                        std::span<const std::uint32_t> indices) const {
  check(data);
  std::vector<float> made(indices.size() * features());
  data.gather(indices, {made.data(), indices.size(), features()});
  std::vector<double> row(features());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::span<float> x = std::span(made).subspan(i * features(), features());
    reconstruct(x, row);
    std::transform(row.begin(), row.end(), x.begin(), [](double v) { return static_cast<float>(v); });
  }
  return made;
}

double PrincipalComponents::squared_error(const Dataset& data, ThreadPool& pool) const {
  check(data);
  std::vector<double> errors(data.size());
  parallel_for(pool, data.size(), kSamples, [&](std::size_t first, std::size_t last) {
    std::vector<float> x(features());
    std::vector<double> made(features());
    for (std::size_t i = first; i < last; ++i) {
      data.gather(range(i, 1), {x.data(), 1, features()});
      reconstruct(x, made);
      for (std::size_t j = 0; j < features(); ++j) {
        errors[i] += (static_cast<double>(x[j]) - made[j]) * (static_cast<double>(x[j]) - made[j]);
      }
    }
  });
  return std::accumulate(errors.begin(), errors.end(), 0.0) / static_cast<double>(data.size());
}

}  // namespace fanin::data
