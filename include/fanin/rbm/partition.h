#pragma once

#include <cstddef>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/rbm/rbm.h"

namespace fanin::rbm {

/// The most binary units of a layer that are enumerated: 2^22 states.
inline constexpr std::size_t kMaxEnumerated = 22;

/// log Z of a small machine, exactly, in float64: the constant with which
///
///     log p(v) = -F(v) - log Z
///
/// where F is Rbm::free_energy, so Gaussian hidden units bring no H log(2 pi) / 2 and p is a density over Gaussian
/// visible units. The states of one binary layer are enumerated, the other layer is summed in closed form (Hinton 2002;
/// Salakhutdinov & Murray 2008, section 4.1):
///
///     Z = sum_h e^(c.h) prod_i z(b_i + (h^T W)_i)     z(x) = 1 + e^x, or sqrt(2 pi) e^(x^2 / 2) of a Gaussian unit;
///                                                     the labels are one factor sum_k e^x_k
///
/// or the same over visible states, without labels. Of two layers that could be enumerated the smaller one is.
///
/// Each 1024 states follow a Gray code of their own, so a state costs one row of W, and are summed on their own.
/// Hence the same bits for every thread count and SIMD target. 16 x 784 units take some 0.1 s.
/// Throws Error(usage) when no layer of binary units has 22 of them or fewer, Error(unsupported) for rectified linear
/// units, Error(numeric) for a parameter that is not finite.
[[nodiscard]] double log_partition(const Rbm& rbm, ThreadPool& pool);

/// Expectations under the model; with those under the data they are the gradient of the log-likelihood:
/// d log Z / d W_ji = E[h_j v_i], d log Z / d b_i = E[v_i], d log Z / d c_j = E[h_j].
struct ModelMoments {
  double log_z = 0;
  std::vector<double> vh;  ///< E[h_j v_i], [H, V] as W
  std::vector<double> v;   ///< E[v_i], [V]
  std::vector<double> h;   ///< E[h_j], [H]
};

/// The exact moments of a small machine of binary units, by the enumeration of log_partition: deterministic in the same
/// way, and with the same errors; Error(unsupported) also for Gaussian units and labels.
[[nodiscard]] ModelMoments model_moments(const Rbm& rbm, ThreadPool& pool);

}  // namespace fanin::rbm
