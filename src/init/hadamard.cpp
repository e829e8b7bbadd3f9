#include <algorithm>
#include <bit>
#include <cmath>

#include "init/definitions.h"

namespace fanin::init {
namespace {

// The order of the smallest Sylvester matrix that holds [rows, cols].
std::uint64_t order_of(std::uint64_t rows, std::uint64_t cols) {
  return std::bit_ceil(std::max<std::uint64_t>({rows, cols, 1}));
}

float sign_of(std::uint64_t row, std::uint64_t col) {
  return std::popcount(row & col) % 2 == 0 ? 1.0f : -1.0f;
}

// Sylvester's matrix, of the order of two to some power.
struct Hadamard {
  static constexpr bool kExact = true;
  double gain;

  void check(const Shape& shape) const { want_rank("hadamard", shape, 2, 2); }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const {
    return measured(elements(shape, fans), shape.elements());
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans) const {
    const std::uint64_t cols = shape[1];
    const float value = static_cast<float>(gain / std::sqrt(static_cast<double>(order_of(shape[0], cols))));
    return [=](const random::Stream&, std::uint64_t first, std::span<float> out) {
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = value * sign_of((first + i) / cols, (first + i) % cols);
    };
  }
  friend bool operator==(const Hadamard&, const Hadamard&) = default;
};

struct ZeroHadamard {
  static constexpr bool kExact = true;
  double gain;

  void check(const Shape& shape) const { want_rank("zero_hadamard", shape, 2); }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const {
    return measured(elements(shape, fans), shape.elements());
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans) const {
    const std::uint64_t taps = taps_of(shape).count;
    const std::uint64_t middle = taps_of(shape).middle;
    const std::uint64_t cols = shape[1];
    const bool widens = shape[0] > cols;
    const float value = static_cast<float>(gain / std::sqrt(static_cast<double>(order_of(shape[0], cols))));
    return [=](const random::Stream&, std::uint64_t first, std::span<float> out) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        const std::uint64_t place = (first + i) / taps;
        const std::uint64_t row = place / cols;
        const std::uint64_t col = place % cols;
        const float matrix = widens ? value * sign_of(row, col) : row == col ? 1.0f : 0.0f;
        out[i] = (first + i) % taps == middle ? matrix : 0.0f;
      }
    };
  }
  friend bool operator==(const ZeroHadamard&, const ZeroHadamard&) = default;
};

}  // namespace

std::vector<Definition> hadamard_definitions() {
  return {
      {"hadamard",
       {},
       {number("gain", "1")},
       [](Arguments a) { return make_rule(Hadamard{a[0].number}); },
       "W[i, j] = gain (-1)^popcount(i and j) / sqrt(n), n the power of two that holds rows and cols: a corner of an "
       "orthogonal matrix without random numbers; rank 2",
       "Sylvester 1867"},
      {"zero_hadamard",
       {},
       {number("gain", "1")},
       [](Arguments a) { return make_rule(ZeroHadamard{a[0].number}); },
       "W = the identity where out <= in, hadamard(gain) where a layer widens; for kernels [out, in, ...] in the "
       "middle "
       "tap, 0 elsewhere; gain=sqrt(2) is the paper's constant",
       "Zhao et al. 2022, algorithm 1 (ZerO)"},
  };
}

}  // namespace fanin::init
