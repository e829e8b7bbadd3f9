#pragma once

#include <span>

#include "fanin/core/matrix_view.h"
#include "fanin/core/thread_pool.h"
#include "fanin/rbm/rbm.h"

/// What a machine says about given states, in float64 throughout, also where Rbm::free_energy takes inputs in float32.
/// Rows are independent and every sum has a fixed order: the same bits for every thread count and SIMD target.
namespace fanin::rbm {

/// F(v) of each row of `v` [n, V], with the conventions of Rbm::free_energy; its errors too, and Error(usage) for rows
/// that are not of V columns.
void free_energy_f64(const Rbm& rbm, MatrixView<const float> v, std::span<double> energy, ThreadPool& pool);

/// log p(v) = -F(v) - log Z in nats of each row of `v` [n, V]; `log_z` is exact (log_partition) or an estimate (AIS).
/// A probability of binary units is one of zeros and ones: throws Error(data) naming row, unit and value for anything
/// else (grey pixels must be made binary first, and how is part of the result), for labels of which not exactly one is
/// 1, and for Gaussian units with a value that is not finite; otherwise as free_energy_f64.
void log_likelihood(const Rbm& rbm, MatrixView<const float> v, double log_z, std::span<double> out, ThreadPool& pool);

/// KL(p0 || p) = sum_r p0_r (log p0_r - log p(v_r)) in nats, of a distribution that gives the distinct rows of
/// `patterns` [n, V] the probabilities `p0` [n] and everything else none. Maximum likelihood learning minimizes it:
/// it is -H(p0) - the mean log-likelihood.
/// Throws Error(usage) unless there is one probability >= 0 for each row and their sum is 1 within 1e-6, Error(data)
/// for a pattern that occurs twice; otherwise as log_likelihood.
[[nodiscard]] double kl_divergence(const Rbm& rbm, MatrixView<const float> patterns, std::span<const double> p0,
                                   double log_z, ThreadPool& pool);

}  // namespace fanin::rbm
