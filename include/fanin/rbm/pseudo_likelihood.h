#pragma once

#include <cstddef>
#include <span>

#include "fanin/core/matrix_view.h"
#include "fanin/core/thread_pool.h"
#include "fanin/rbm/rbm.h"

/// The pseudo-likelihood of states of binary units (Besag 1975, "Statistical analysis of non-lattice data"): each unit
/// given all the others, for which no log Z is needed,
///
///     PL(v) = sum_i log p(v_i | v_-i)     log p(v_i | v_-i) = log sigmoid(F(v with v_i flipped) - F(v))
///
/// in nats, in float64 throughout. It follows the likelihood while a machine learns but is no bound of it: of machines
/// with strong couplings it is far too high. Divide by V for the nats per unit.
///
/// Rows are independent and every sum has a fixed order: the same bits for every thread count and SIMD target.
/// Both functions throw Error(usage) unless rows of `v` [n, V] have V columns and there is one place for each,
/// Error(unsupported) for machines with other than binary units or with labels, Error(data) naming row, unit and value
/// for a unit that is neither 0 nor 1, and Error(numeric) for a weight that is not within -600 to 600.
namespace fanin::rbm {

/// PL(v) of each row, all V units of it: n V H multiplications, for flipping a unit multiplies 1 + e^x_j by
/// 1 - p_j + p_j e^(+-W_ji), p = p(h | v).
void pseudo_log_likelihood(const Rbm& rbm, MatrixView<const float> v, std::span<double> out, ThreadPool& pool);

/// The cheap estimate: V log p(v_i | v_-i) for one unit of each row, i = (first + r) mod V of row r. As in the Theano
/// tutorial, where the unit moves on with each batch; scikit-learn draws it at random. The mean over V consecutive
/// `first` is PL(v).
void pseudo_log_likelihood_cycle(const Rbm& rbm, MatrixView<const float> v, std::size_t first, std::span<double> out,
                                 ThreadPool& pool);

}  // namespace fanin::rbm
