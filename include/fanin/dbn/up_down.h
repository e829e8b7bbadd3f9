#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "fanin/core/function_ref.h"
#include "fanin/core/matrix_view.h"
#include "fanin/core/thread_pool.h"
#include "fanin/dbn/model.h"
#include "fanin/linalg/zeros.h"

namespace fanin::dbn {

struct UpDownOptions {
  double learning_rate = 0.01;  ///< above 0, at most 1e3
  std::size_t batch = 100;      ///< 1 to 2^20
  std::size_t k = 3;            ///< steps of Gibbs sampling in the top RBM, 1 to 1000; the paper grows it: 3, 6, 10
  std::uint64_t seed = 0;       ///< of the units' states
  linalg::Zeros zeros = linalg::Zeros::automatic;

  /// Throws Error(usage) naming the option, its value and what is allowed.
  void validate() const;
};

/// Writes rows [first, first + out.rows) of the batch; called from several threads for disjoint rows.
using SampleRows = FunctionRef<void(std::size_t first, MatrixView<float> out)>;

/// The up-down algorithm, a contrastive form of wake-sleep (Hinton, Osindero and Teh 2006, appendix B): with r the
/// rate, B the batch, R, G the recognition and generation weights, T those of the top RBM, and sums over the batch
///
///     wake   w_0 = data, w_l+1 ~ sigmoid(R_l w_l + c_l);  t ~ p(t | w_top, labels)
///            G_l += r/B sum w_l+1 (w_l - p(w_l | w_l+1))^T, and its visible biases
///     top    k times: n ~ p(n | t), labels as probabilities, t ~ p(t | n)
///            T += r/B sum (t w_top^T of the wake phase - t n^T of the last step), and its biases
///     sleep  s_top = n, s_l ~ sigmoid(G_l^T s_l+1 + b_l), s_0 as means
///            R_l += r/B sum (s_l+1 - p(s_l+1 | s_l)) s_l^T, and its hidden biases
///
/// All from the weights before the step; the paper's sums are over mini-batches of 10 with its rate undivided. States
/// draw from streams of (seed, step, phase, layer) by row and unit, so every bit is a function of options and data for
/// any number of threads. Steps allocate nothing.
class UpDown {
 public:
  /// Model and pool outlive it. Throws Error(usage) for invalid options.
  UpDown(const UpDownOptions& options, Model& model, ThreadPool& pool);
  ~UpDown();
  UpDown(const UpDown&) = delete;
  UpDown& operator=(const UpDown&) = delete;

  /// One step on options.batch samples with a label each (none for a model without labels). Gives the mean over samples
  /// and visible units of (v - p(v | w_1))^2, of a model without directed layers (v - n)^2: a proxy, not what is being
  /// learned. Throws Error(usage) for another number of labels, Error(data) for one that is no class of the model.
  double step(SampleRows rows, std::span<const std::int32_t> labels);

  /// What the next steps use; checked as in the options.
  void set_learning_rate(double learning_rate);
  void set_k(std::size_t k);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fanin::dbn
