#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fanin/core/function_ref.h"
#include "fanin/core/matrix_view.h"
#include "fanin/core/thread_pool.h"
#include "fanin/rbm/rbm.h"

/// Estimates of log Z of machines of binary units that are too large to enumerate, by annealed importance sampling
/// (Neal 2001; for RBMs Salakhutdinov & Murray 2008, "On the quantitative analysis of deep belief networks", whose
/// intermediate distributions these are):
///
///     p*_beta(v) = e^(((1 - beta) b0 + beta b).v) prod_j (1 + e^(beta (c_j + W_j v)))
///
/// from the base rate model at beta = 0, whose log Z_0 = H log 2 + sum_i log(1 + e^b0_i) is known, to the machine at
/// beta = 1, whose log Z has the convention of log_partition. Each chain takes one Gibbs step per temperature and
/// multiplies up its weight.
///
/// Chain r draws from the streams fold_in(step) of "ais" (or "reverse ais") under the seed, elements r H + j and
/// r V + i: the same bits for every thread count and SIMD target. Inputs and the terms of a log weight are float32,
/// their products and sums float64; together they err by less than 0.01 nat.
namespace fanin::rbm {

/// How temperatures are spread over 0 to 1.
enum class AisSchedule {
  salakhutdinov,  ///< 0 : 1e-3 : 0.5 : 1e-4 : 0.9 : 1e-5 : 1, 14,500 steps, or any number in the same proportions
  linear,         ///< at equal distances
};

struct AisOptions {
  std::size_t chains = 100;          ///< 2 to 65536
  std::size_t temperatures = 14500;  ///< 2 to 10^8, with 0 and 1; below 1,000 do not trust the result
  AisSchedule schedule = AisSchedule::salakhutdinov;
  std::uint64_t seed = 0;
  /// b0 [V], borrowed: log odds of the data's means bring the base rate near the machine. Empty for zeros, the uniform
  /// distribution.
  std::span<const float> base_bias;
  std::size_t burn_in = 0;  ///< Gibbs steps at beta = 1 before a reverse run, 0 to 10^8

  /// Throws Error(usage) naming the option, its value and what is allowed.
  void validate() const;
};

/// beta_0 = 0 < ... < beta_(n - 1) = 1. Throws Error(usage) for fewer than 2.
[[nodiscard]] std::vector<double> ais_temperatures(AisSchedule schedule, std::size_t n);

struct AisResult {
  double log_z = 0;
  double log_z_low =
      0;  ///< log of the mean weight less 3 standard errors, in Z itself; -infinity where that is below 0
  double log_z_high = 0;  ///< plus 3 standard errors; infinity of reverse runs whose mean is below 3 of them
  double ess = 0;  ///< effective number of chains, (sum w)^2 / sum w^2: near 1, a single chain is the whole estimate
  std::size_t chains = 0;
  std::size_t temperatures = 0;
  bool finished = true;             ///< false where progress said stop: log Z is NaN then and there are no weights
  std::vector<double> log_weights;  ///< of each chain; reverse runs: of the reverse path
};

/// Called between steps from the calling thread, about every hundredth of the way and at the end; false stops.
using AisProgress = FunctionRef<bool(std::size_t step, std::size_t steps)>;
inline constexpr auto kNoProgress = [](std::size_t, std::size_t) { return true; };

/// log Z = log Z_0 + log mean w. The mean is unbiased, its logarithm too low on average (Jensen), far too low where
/// chains miss a mode; the interval does not see those either, compare reverse_ais.
/// Throws Error(usage) for invalid options or a base bias of the wrong size, Error(unsupported) for other than binary
/// units or labels, Error(numeric) when weights leave the finite numbers.
[[nodiscard]] AisResult ais(const Rbm& rbm, const AisOptions& options, ThreadPool& pool,
                            AisProgress progress = kNoProgress);

/// The same path walked down to the base rate: log Z = log Z_0 - log mean w, too high on average. Chain r starts from
/// row r of `start` [chains, V], samples of the machine (or data, after enough `burn_in`; options.chains is not used).
/// Starts from exact samples bracket log Z together with ais(): a gap of more than some nats says that neither is to be
/// trusted. Errors as for ais(), Error(data) for a start that is not binary, Error(usage) for other than 2 to 65536.
[[nodiscard]] AisResult reverse_ais(const Rbm& rbm, MatrixView<const float> start, const AisOptions& options,
                                    ThreadPool& pool, AisProgress progress = kNoProgress);

}  // namespace fanin::rbm
