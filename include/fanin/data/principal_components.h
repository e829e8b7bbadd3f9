#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/data/dataset.h"

namespace fanin::data {

/// The best linear code of samples: x is told by its k coordinates z = C (x - mean) and given back as mean + C^T z,
/// C [k, features] with orthonormal rows. k = 0 is the mean alone. Bytes count as x / 255 throughout.
class PrincipalComponents {
 public:
  /// Of the samples of `data`: the eigenvectors of their covariance sum (x - m)(x - m)^T / n with the largest
  /// eigenvalues. Products of 500 samples at a time are summed in float32, the sums in float64, all in a fixed order:
  /// the bits do not depend on the threads. Takes 16 bytes for each pair of features. Throws Error(usage) for more
  /// components than features and for more than 8192 features.
  PrincipalComponents(const Dataset& data, std::size_t components, ThreadPool& pool);

  [[nodiscard]] std::size_t size() const noexcept { return variances_.size(); }
  [[nodiscard]] std::size_t features() const noexcept { return mean_.size(); }
  /// The samples' variance along each component, largest first.
  [[nodiscard]] std::span<const double> variances() const noexcept { return variances_; }
  /// Component i, features() values.
  [[nodiscard]] std::span<const double> component(std::size_t i) const {
    return std::span(components_).subspan(i * features(), features());
  }

  /// Samples `indices` of `data`, coded and given back, a row each. Throws Error(usage) for another number of features.
  [[nodiscard]] std::vector<float> reconstructions(const Dataset& data, std::span<const std::uint32_t> indices) const;
  /// The mean over all samples of sum_i (x_i - reconstruction_i)^2, in float64. Throws as reconstructions().
  [[nodiscard]] double squared_error(const Dataset& data, ThreadPool& pool) const;

 private:
  void check(const Dataset& data) const;
  void reconstruct(std::span<const float> x, std::span<double> out) const;

  std::vector<double> mean_;
  std::vector<double> variances_;
  std::vector<double> components_;
};

}  // namespace fanin::data
