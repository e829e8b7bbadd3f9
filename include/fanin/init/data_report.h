#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace fanin::init {

/// What a data-dependent initializer did to one layer. Means and standard deviations are those of all outputs of the
/// layer over the batch, before any activation.
struct LayerReport {
  std::string name;
  std::size_t units = 0;
  std::size_t rows = 0;    ///< samples, times positions for a convolution
  double mean_before = 0;  ///< with the weights that it began with; the layers before it are done by then
  double std_before = 0;   ///< likewise
  double mean_after = 0;   ///< at the end
  double std_after = 0;    ///< likewise
  /// The part of std_after that samples make: the root mean square of the std of single units. Where it is far below
  /// std_after, units differ from each other and samples hardly do.
  double unit_std_after = 0;
  std::size_t steps = 0;       ///< how often the weights were scaled
  double scale = 1;            ///< root mean square of the weights at the end / of those it began with
  std::size_t constant = 0;    ///< units whose output is the same for all rows: no scale helps them
  std::size_t directions = 0;  ///< that the inputs span, where they were looked at
  bool converged = true;       ///< the outputs are what the method promises
  std::optional<double> gradient_ratio_before, gradient_ratio_after;  ///< where ratios were calibrated
};

/// The result of a data-dependent initializer. Whatever did not come out as promised is a finding: an empty list means
/// that all of it did.
struct DataReport {
  std::string method;
  std::vector<LayerReport> layers;
  std::size_t gradient_rounds = 0;  ///< of the calibration of gradient ratios
  std::vector<std::string> findings;
};

}  // namespace fanin::init
