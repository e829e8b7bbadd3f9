#include "init/data_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "fanin/linalg/eigen.h"
#include "fanin/random/permutation.h"

#include "init/k_means.h"

namespace fanin::init {
namespace {

constexpr double kNegligible = 1e-8;  // of the largest eigenvalue

// A batch of inputs [rows, fan] and what its covariance says.
struct Inputs {
  MatrixView<const float> x;
  std::vector<double> mean;
  std::vector<double> covariance;
  // Directions that count, largest variance first: rows of `basis` [directions, fan] are v / sqrt(lambda).
  std::size_t directions = 0;
  std::vector<double> basis;
  std::vector<double> values;
};

std::vector<double> mean_of(MatrixView<const float> x) {
  std::vector<double> mean(x.cols);
  for (std::size_t r = 0; r < x.rows; ++r) {
    for (std::size_t j = 0; j < x.cols; ++j) mean[j] += static_cast<double>(x(r, j));
  }
  for (double& m : mean) m /= static_cast<double>(x.rows);
  return mean;
}

// The lower triangle, in float64 and row by row of x.
std::vector<double> covariance_of(MatrixView<const float> x, const std::vector<double>& mean, ThreadPool& pool) {
  constexpr std::size_t kPart = 16;
  const std::size_t d = x.cols;
  std::vector<double> c(d * d);
  std::vector<double> centered(x.rows * d);
  for (std::size_t r = 0; r < x.rows; ++r) {
    for (std::size_t j = 0; j < d; ++j) centered[r * d + j] = static_cast<double>(x(r, j)) - mean[j];
  }
  parallel_for(pool, d, kPart, [&](std::size_t first, std::size_t last) {
    for (std::size_t r = 0; r < x.rows; ++r) {
      const double* row = centered.data() + r * d;
      for (std::size_t i = first; i < last; ++i) {
        if (row[i] == 0) continue;
        for (std::size_t j = 0; j <= i; ++j) c[i * d + j] += row[i] * row[j];
      }
    }
  });
  for (double& v : c) v /= static_cast<double>(x.rows);
  return c;
}

Inputs analyzed(MatrixView<const float> x, std::size_t most, ThreadPool& pool) {
  Inputs in{x, mean_of(x), {}, 0, {}, {}};
  in.covariance = covariance_of(x, in.mean, pool);
  // All of them: iterating for the largest takes long where they lie close together, as those of noise do.
  linalg::Eigenpairs pairs = linalg::all_eigenpairs({in.covariance.data(), x.cols, x.cols}, pool);
  while (in.directions < std::min(most, x.cols) && pairs.values[in.directions] > kNegligible * pairs.values[0]) {
    ++in.directions;
  }
  in.basis = std::move(pairs.vectors);
  in.basis.resize(in.directions * x.cols);
  for (std::size_t i = 0; i < in.basis.size(); ++i) in.basis[i] /= std::sqrt(pairs.values[i / x.cols]);
  in.values = std::move(pairs.values);
  return in;
}

void write_pca(const Inputs& in, std::span<float> weight) {
  std::transform(weight.begin(), weight.end(), in.basis.begin(), weight.begin(),
                 [](float, double w) { return static_cast<float>(w); });
}

std::vector<std::uint32_t> inputs_that_vary(const Inputs& in) {
  const std::size_t d = in.x.cols;
  double largest = 0;
  for (std::size_t i = 0; i < d; ++i) largest = std::max(largest, in.covariance[i * d + i]);
  std::vector<std::uint32_t> all;
  for (std::size_t i = 0; i < d; ++i) {
    if (in.covariance[i * d + i] > kNegligible * largest) all.push_back(static_cast<std::uint32_t>(i));
  }
  return all;
}

// All of them in order, or as many random ones of those that vary, ascending.
std::vector<std::uint32_t> inputs_for_zca(const Layers& layers, std::size_t k, const Inputs& in,
                                          const random::Stream& stream) {
  const std::size_t units = layers.units(k);
  std::vector<std::uint32_t> all(in.x.cols);
  std::iota(all.begin(), all.end(), 0U);
  if (units == in.x.cols) return all;
  all = inputs_that_vary(in);
  if (all.size() < units) {
    layers.fail(
        ErrorKind::numeric, k,
        fmt::format("{} of its {} inputs vary, zca makes no more than so many of its {} units; kmeans and patches "
                    "do",
                    all.size(), in.x.cols, units));
  }
  std::vector<std::uint32_t> order(all.size());
  random::permutation(stream, order);
  std::vector<std::uint32_t> chosen;
  for (std::size_t u = 0; u < units; ++u) chosen.push_back(all[order[u]]);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

void write_zca(const Inputs& in, std::span<const std::uint32_t> chosen, std::span<float> weight, ThreadPool& pool) {
  const std::size_t d = in.x.cols;
  parallel_for(pool, chosen.size(), 1, [&](std::size_t u, std::size_t) {
    std::vector<double> row(d);
    for (std::size_t c = 0; c < in.directions; ++c) {
      // V L^-1/2 V^T from rows v / sqrt(lambda): one of the two roots goes back in.
      const double* b = in.basis.data() + c * d;
      const double factor = b[chosen[u]] * std::sqrt(in.values[c]);
      for (std::size_t j = 0; j < d; ++j) row[j] += factor * b[j];
    }
    for (std::size_t j = 0; j < d; ++j) weight[u * d + j] = static_cast<float>(row[j]);
  });
}

// Whitened rows [rows, directions], each of length 1 unless it is the mean itself.
std::vector<float> whitened(const Inputs& in, ThreadPool& pool) {
  constexpr std::size_t kRows = 16;
  const std::size_t d = in.x.cols;
  const std::size_t q = in.directions;
  std::vector<float> made(in.x.rows * q);
  parallel_for(pool, in.x.rows, kRows, [&](std::size_t first, std::size_t last) {
    std::vector<double> centered(d);
    std::vector<double> y(q);
    for (std::size_t r = first; r < last; ++r) {
      for (std::size_t j = 0; j < d; ++j) centered[j] = static_cast<double>(in.x(r, j)) - in.mean[j];
      double square = 0;
      for (std::size_t c = 0; c < q; ++c) {
        y[c] = std::inner_product(centered.begin(), centered.end(),
                                  in.basis.begin() + static_cast<std::ptrdiff_t>(c * d), 0.0);
        square += y[c] * y[c];
      }
      const double length = square > 0 ? std::sqrt(square) : 1;
      for (std::size_t c = 0; c < q; ++c) made[r * q + c] = static_cast<float>(y[c] / length);
    }
  });
  return made;
}

// Directions in the whitened space, taken to the inputs: centers [units, directions] times the basis.
void write_back(const Inputs& in, std::span<const float> centers, std::span<float> weight, ThreadPool& pool) {
  const std::size_t d = in.x.cols;
  parallel_for(pool, weight.size() / d, 1, [&](std::size_t u, std::size_t) {
    std::vector<double> row(d);
    for (std::size_t c = 0; c < in.directions; ++c) {
      const double factor = centers[u * in.directions + c];
      const double* b = in.basis.data() + c * d;
      for (std::size_t j = 0; j < d; ++j) row[j] += factor * b[j];
    }
    for (std::size_t j = 0; j < d; ++j) weight[u * d + j] = static_cast<float>(row[j]);
  });
}

std::vector<float> random_rows(std::span<const float> y, std::size_t rows, std::size_t units,
                               const random::Stream& stream) {
  const std::size_t cols = y.size() / rows;
  std::vector<std::uint32_t> order(rows);
  random::permutation(stream, order);
  std::vector<float> chosen;
  for (std::size_t u = 0; u < units; ++u) {
    const float* row = y.data() + order[u] * cols;
    chosen.insert(chosen.end(), row, row + cols);
  }
  return chosen;
}

}  // namespace

MadeWeights make_weights(Layers& layers, std::size_t k, DataWeights weights, const random::Stream& stream) {
  const std::vector<float> data = layers.inputs(k);
  const std::size_t units = layers.units(k);
  const std::size_t fan = layers.fan(k);
  const MatrixView<const float> x(data.data(), data.size() / fan, fan);
  const Inputs in = analyzed(x, weights == DataWeights::zca ? fan : units, layers.pool());
  const std::span<float> weight = layers.view(k).weight;
  if (in.directions == 0)
    layers.fail(ErrorKind::numeric, k, fmt::format("its inputs are the same in all {} rows", x.rows));
  if (weights == DataWeights::pca && in.directions < units) {
    layers.fail(ErrorKind::numeric, k,
                fmt::format("{} rows of {} inputs span {} directions, pca makes no more than so many of its {} units; "
                            "kmeans and patches do",
                            x.rows, fan, in.directions, units));
  }
  MadeWeights made{in.directions};
  if (weights == DataWeights::pca) write_pca(in, weight);
  if (weights == DataWeights::zca) write_zca(in, inputs_for_zca(layers, k, in, stream), weight, layers.pool());
  if (weights == DataWeights::kmeans || weights == DataWeights::patches) {
    if (x.rows < units) {
      layers.fail(ErrorKind::numeric, k, fmt::format("{} rows of inputs are not enough for {} units", x.rows, units));
    }
    const std::vector<float> y = whitened(in, layers.pool());
    std::vector<float> centers;
    if (weights == DataWeights::patches) {
      centers = random_rows(y, x.rows, units, stream);
    } else {
      KMeans found = k_means({y.data(), x.rows, in.directions}, units,
                             fmt::format("kmeans of layer '{}'", layers.view(k).name), stream, layers.pool());
      made.converged = found.converged;
      centers = std::move(found.centers);
    }
    write_back(in, centers, weight, layers.pool());
  }
  layers.changed(k);
  return made;
}

}  // namespace fanin::init
