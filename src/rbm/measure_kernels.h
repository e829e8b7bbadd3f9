#pragma once

#include <cstddef>
#include <cstdint>

/// What the measures of a machine compute element by element. Sums and products run in 16 interleaved chains that are
/// combined in a fixed order: the bits do not depend on the SIMD target.
namespace fanin::rbm::detail {

/// Arrays of `padded` elements end at a multiple of this; what fills the gap is said at each function.
inline constexpr std::size_t kChains = 16;
[[nodiscard]] constexpr std::size_t padded_to_chains(std::size_t n) {
  return (n + kChains - 1) / kChains * kChains;
}

/// Fills gaps of arguments of softplus: log(1 + e^x) is 0.
inline constexpr double kNoSoftplus = -1e4;

/// x += sign w; returns sum_i log(1 + e^x_i), the logarithm taken of products of up to 512 terms in (1, 2].
double add_softplus_sum(double* x, const double* w, double sign, std::size_t padded);
/// x += sign w; returns sum_i x_i^2 / 2.
double add_half_squares(double* x, const double* w, double sign, std::size_t padded);
/// y += a x.
void add_scaled(double* y, const double* x, double a, std::size_t padded);
/// y = 1 / (1 + e^-x).
void sigmoid(const double* x, double* y, std::size_t padded);
/// y = e^x for |x| <= 700.
void exp(const double* x, double* y, std::size_t padded);
/// sum_i a_i b_i of any number of elements.
[[nodiscard]] double dot(const float* a, const float* b, std::size_t n, double start);
/// The same for padded arrays, of which one is zero in the gap.
[[nodiscard]] double dot(const float* a, const double* b, std::size_t padded);
/// log prod_j (q_j + s_j e_j), with a logarithm for each 16 `terms` factors, or, for 0, for each factor. In a gap the
/// factor is 1.
[[nodiscard]] double log_mixtures(const double* q, const double* s, const double* e, std::size_t padded,
                                  std::size_t terms);

/// sum_j log(1 + e^(beta1 x_j)) - log(1 + e^(beta0 x_j)) for 0 <= beta0 <= beta1. With d = (beta1 - beta0) x each term
/// is max(d, 0) + log(1 - sigmoid(-|beta0 x|) (1 - e^-|d|)), whose parts do not cancel: elements are float32 with a
/// relative error of about 3e-7, products and sums float64. Gaps are 0.
[[nodiscard]] double softplus_step(const float* x, double beta0, double beta1, std::size_t padded);
/// x = 1 where the words' upper 24 bits, times 2^-24, are below sigmoid(beta x + offset), otherwise 0. Gaps are words
/// of all ones, and x and offset of 0; they become 0.
void sample_tempered(float* x, float beta, const float* offset, const std::uint32_t* words, std::size_t padded);

}  // namespace fanin::rbm::detail
