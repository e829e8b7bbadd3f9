#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fanin/init/float_type.h"

#include "init/promise.h"

namespace fanin::init {

/// F(x) of a law that is not constant.
[[nodiscard]] double distribution_function(const Law& law, double x);
/// Mean and standard deviation of a law that is not constant.
struct Moments {
  double mean;
  double std;
};
[[nodiscard]] Moments moments_of(const Law& law);

/// The next number of a type above a finite x.
[[nodiscard]] float next_above(float x, FloatType type);

/// Counts elements between 4096 places, which is enough to tell two laws apart and takes the same memory for any
/// number of elements.
class LawGrid {
 public:
  static constexpr std::size_t kBins = 4096;

  LawGrid(const Law& law, FloatType type);

  [[nodiscard]] std::size_t bin(float x) const {
    const double at = (static_cast<double>(x) - low_) * inverse_;
    return at < 1 ? 0 : at >= kBins - 1 ? kBins - 1 : static_cast<std::size_t>(at);
  }
  /// The largest |F_n - F| at the places between bins that hold `counts` elements, `total` in all. F is taken where
  /// rounding to the type parts the elements of one side from those of the other, so rounding makes no difference.
  [[nodiscard]] double distance(std::span<const std::uint64_t> counts, std::uint64_t total) const;

 private:
  double low_;
  double inverse_;
  std::vector<double> below_;  // F at the lower end of each bin
};

}  // namespace fanin::init
