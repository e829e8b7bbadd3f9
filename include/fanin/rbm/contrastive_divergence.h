#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "fanin/core/function_ref.h"
#include "fanin/core/matrix_view.h"
#include "fanin/core/thread_pool.h"
#include "fanin/linalg/zeros.h"
#include "fanin/rbm/rbm.h"

namespace fanin::rbm {

struct ContrastiveDivergenceOptions {
  std::size_t k = 1;           ///< steps of Gibbs sampling, 1 to 1000
  double learning_rate = 0.1;  ///< above 0, at most 1e3
  double momentum = 0;         ///< 0 <= momentum < 1
  double weight_decay = 0;     ///< L2 on W alone, [0, 1]
  std::size_t batch = 100;     ///< 1 to 2^20
  std::uint64_t seed = 0;      ///< of the units' states
  linalg::Zeros zeros = linalg::Zeros::automatic;

  /// Throws Error(usage) naming the option, its value and what is allowed.
  void validate() const;
};

/// Writes rows [first, first + out.rows) of the batch; called from several threads for disjoint rows.
using BatchRows = FunctionRef<void(std::size_t first, MatrixView<float> out)>;
/// Called once for each part of the work on the weights: something else that wants doing, such as fetching the next
/// batch into the cache.
using Meanwhile = FunctionRef<void(std::size_t part, std::size_t parts)>;
inline constexpr auto kNothingMeanwhile = [](std::size_t, std::size_t) {};

/// Contrastive divergence (Hinton 2002, CD-k): for each batch of B samples v0
///
///     p0 = p(h | v0), h0 ~ p0;   v1 = p(v | h0), p1 = p(h | v1), h1 ~ p1, ... k times
///     g = -(1 / B) sum (p0 v0^T - pk vk^T)  for W, in the same way for b and c
///     m = momentum m + g + weight_decay W;   W -= learning_rate m
///
/// with probabilities for the visible units and in the statistics, and states for the hidden units that drive a
/// reconstruction (Hinton 2010, "A practical guide to training restricted Boltzmann machines", section 3). The state of
/// hidden unit j for row r of the batch in Gibbs step s is 1 where the upper 24 bits of word r H + j of the stream of
/// (seed, training step, s), times 2^-24, are below its probability. So every bit is a function of options and data,
/// whatever the threads. Steps allocate nothing.
class ContrastiveDivergence {
 public:
  /// Machine and pool outlive it. Throws Error(usage) for invalid options.
  ContrastiveDivergence(const ContrastiveDivergenceOptions& options, Rbm& rbm, ThreadPool& pool);
  ~ContrastiveDivergence();
  ContrastiveDivergence(const ContrastiveDivergence&) = delete;
  ContrastiveDivergence& operator=(const ContrastiveDivergence&) = delete;

  /// One step on options.batch samples with values in [0, 1]. Gives the mean over samples and visible units of
  /// (v0 - p(v | h0))^2 with sampled h0: a proxy, not what is being learned.
  double step(BatchRows rows, Meanwhile meanwhile = kNothingMeanwhile);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fanin::rbm
