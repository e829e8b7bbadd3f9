#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fanin/io/png.h"

namespace fanin::report {

/// How numbers are spread. Statistics are float64, summed in the order of the values.
struct Histogram {
  double min = 0;
  double max = 0;
  double mean = 0;
  double std = 0;                       ///< sqrt(mean of (x - mean)^2): the population's, divided by n
  double zeros = 0;                     ///< the share of values that are exactly 0 (or -0), 0 to 1
  std::uint64_t values = 0;             ///< how many there are
  std::vector<std::uint64_t> counts{};  ///< bin b of B holds [min + b w, min + (b + 1) w) with w = (max - min) / B; the
                                        ///< last one holds max too, and bin B / 2 holds all values where they are equal

  friend bool operator==(const Histogram&, const Histogram&) = default;
};

/// Place of all errors here: `histogram`. Error(usage) for no values and for bins outside [1, 4096]; Error(data) that
/// names the position of a NaN or an infinity. Deterministic.
[[nodiscard]] Histogram histogram(std::span<const float> values, std::size_t bins);

/// For a terminal, in plain ASCII: a line for each bin with its lower edge, its count and a bar of `#`, then a line
/// with the statistics. The longest bar ends at `columns`; a bin that is not empty has at least one `#`. Lines end
/// without spaces. Error(usage) for counts that are empty or all 0, and for columns outside [40, 1000].
[[nodiscard]] std::string text(const Histogram& histogram, std::size_t columns = 80);

/// White bars that stand on the lower edge of a black picture of `rows` x (bins * bar) pixels: the fullest bin is
/// `rows` high, a bin that is not empty at least 1. Error(usage) for counts that are empty or all 0, and for a picture
/// without pixels or beyond the limits of io/png.h.
[[nodiscard]] io::GrayImage picture(const Histogram& histogram, std::size_t rows = 64, std::size_t bar = 4);

}  // namespace fanin::report
