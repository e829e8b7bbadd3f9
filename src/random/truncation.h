#pragma once

#include <cstdint>

namespace fanin::random {

/// The constants of one truncated normal, worked out once for a fill.
struct Truncation {
  double below;  ///< P(Z < lo)
  double above;  ///< P(Z > hi)
  double mass;   ///< P(lo < Z < hi)
  double mean, std;
  float least, greatest;  ///< the float32 values nearest the bounds and within them

  /// True if the median lies between the first word and the last, and no constant below is denormal: then float32 is
  /// exact enough, because both 1/2 - p and the probability of either tail come from integers without cancellation.
  bool median_within;
  std::uint32_t median;  ///< the last word whose number is not above the median
  float step;            ///< mass * 2^-32, the probability of one word
  float past_median;     ///< by how many probabilities of a word the median lies behind `median`, times step
  float first, last;     ///< P(Z < z) of the first word, P(Z > z) of the last
};

[[nodiscard]] Truncation truncation(double mean, double std, double lo, double hi);

}  // namespace fanin::random
