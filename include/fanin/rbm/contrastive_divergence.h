#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "fanin/core/function_ref.h"
#include "fanin/core/matrix_view.h"
#include "fanin/core/thread_pool.h"
#include "fanin/rbm/learning_options.h"
#include "fanin/rbm/rbm.h"

namespace fanin::rbm {

/// Writes rows [first, first + out.rows) of the batch, labels included; called from several threads for disjoint rows.
using BatchRows = FunctionRef<void(std::size_t first, MatrixView<float> out)>;
/// Called once for each part of the work on the weights: something else that wants doing, such as fetching the next
/// batch into the cache.
using Meanwhile = FunctionRef<void(std::size_t part, std::size_t parts)>;
inline constexpr auto kNothingMeanwhile = [](std::size_t, std::size_t) {};

/// What a step saw on its way.
struct StepResult {
  /// Mean over samples and visible units of (v0 - p(v | h0))^2 with sampled h0; a proxy, not what is being learned.
  /// NaN for samplers that do not reconstruct the batch (all but cd).
  double reconstruction_error = 0;
  bool exploded = false;  ///< the guard shrank the machine instead of a step
};

/// Stochastic gradient ascent on the log-likelihood. For each batch of B samples v0, with p0 = p(h | v0) and C samples
/// (vk, pk = p(h | vk)) of the model,
///
///     g = <pk vk^T>_C - <p0 v0^T>_B  for W, in the same way for b and c
///     m = momentum m + g + weight_decay W;   W -= learning_rate m;   |W| shrinks by learning_rate l1, to 0 at most
///
/// - cd: h0 ~ p0; v1 = p(v | h0), p1 = p(h | v1), h1 ~ p1, ... k times. Means of the visible units and in the
///   statistics, samples of the hidden units that drive a reconstruction (Hinton 2010, "A practical guide to training
///   restricted Boltzmann machines", section 3).
/// - pcd: C chains keep their hidden states; v ~ p(v | h), h ~ p(h | v), k times. The statistics have the sampled v.
/// - tempering: C sets of chains at inverse temperatures 0 to 1, whose energies are multiplied by them; after each
///   step neighbours exchange states with probability min(1, e^((beta - beta') (E - E'))). Those at 1 are the samples.
/// - exact: expectations instead of samples.
///
/// Rectified linear units enter the statistics with the expectation of their noisy samples.
///
/// Centered (Montavon & Mueller 2012; Melchior, Fischer & Wiskott 2016, "How to center deep Boltzmann machines",
/// algorithm 1): the energy is that of v - mu and h - lambda, with offsets that follow the batches' means of v and p0
/// by a sliding mean. The machine stays in the normal parameterization (b = b' - W^T lambda, c = c' - W mu), so what is
/// applied is the centered gradient translated:
///
///     g_W = g - (<pk> - <p0>) mu^T - lambda (<vk> - <v0>)^T;   b -= learning_rate (m_b - m_W^T lambda)
///                                                               c -= learning_rate (m_c - m_W mu)
///
/// and equals a descent in the centered parameters up to rounding (L1 and weight decay act on W alone). Offsets start
/// at the mean that set_offsets() gives and at 1/2.
///
/// Sparsity (Hinton 2010, section 11): q = decay q + (1 - decay) <p0>; cost (q - target) is added to the gradient by
/// each hidden unit's input.
///
/// The explosion guard: where 2 std(v0) < std(vk) over all values of a batch, parameters are scaled by std(v0) /
/// std(vk), momenta become 0, and no step is made (as Kaldi's RBM training does).
///
/// Every draw is a function of (seed, training step, Gibbs step, row, unit) through named streams. So every bit is a
/// function of options and data, whatever the threads. Steps allocate nothing (but for exact).
class ContrastiveDivergence {
 public:
  /// Machine and pool outlive it. Throws Error(usage) for invalid options, Error(unsupported) for a sampler that cannot
  /// do with the machine's units.
  ContrastiveDivergence(const ContrastiveDivergenceOptions& options, Rbm& rbm, ThreadPool& pool);
  ~ContrastiveDivergence();
  ContrastiveDivergence(const ContrastiveDivergence&) = delete;
  ContrastiveDivergence& operator=(const ContrastiveDivergence&) = delete;

  /// One step on options.batch samples (binary visible units: values in [0, 1]).
  StepResult step(BatchRows rows, Meanwhile meanwhile = kNothingMeanwhile);

  /// What the next steps use; checked as in the options. Momentum can be changed where the options had one or are
  /// centered.
  void set_rates(double learning_rate, double momentum);
  void set_k(std::size_t k);

  /// Offsets of the visible units, V + K values: usually the data's mean. Throws Error(usage) for another size.
  void set_offsets(std::span<const float> visible);
  [[nodiscard]] std::span<const float> visible_offsets() const;
  [[nodiscard]] std::span<const float> hidden_offsets() const;

  /// Visible states of the persistent chains (at inverse temperature 1), one row each; no rows for cd and exact.
  [[nodiscard]] MatrixView<const float> chains() const;
  /// Share of proposed exchanges that were accepted so far between neighbouring temperatures, from the hottest pair
  /// on; empty but for tempering.
  [[nodiscard]] std::span<const double> swap_rates() const;
  /// The hidden units' sliding mean activity; empty without a sparsity target.
  [[nodiscard]] std::span<const float> activity() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fanin::rbm
