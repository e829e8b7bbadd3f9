#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "fanin/core/buffer.h"
#include "fanin/core/matrix_view.h"

namespace fanin::optim {

enum class OptimizerKind {
  sgd,    ///< torch.optim.SGD
  adam,   ///< torch.optim.Adam (Kingma & Ba 2015, algorithm 1)
  adamw,  ///< torch.optim.AdamW (Loshchilov & Hutter 2019, algorithm 2)
};

/// `sgd`, `adam`, `adamw`. Throws Error(usage) for another name and suggests the nearest.
[[nodiscard]] OptimizerKind parse_optimizer(std::string_view text);
[[nodiscard]] std::string str(OptimizerKind kind);

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adam;
  double momentum = 0.0;      ///< sgd only: [0, 1)
  bool nesterov = false;      ///< sgd only, with momentum
  double beta1 = 0.9;         ///< adam, adamw: decay of the mean of gradients, [0, 1)
  double beta2 = 0.999;       ///< adam, adamw: decay of the mean of squared gradients, [0, 1)
  double epsilon = 1e-8;      ///< adam, adamw: added to the root of the mean square, [1e-37, 1e37]
  double weight_decay = 0.0;  ///< [0, 1e37]; of sgd and adam: added to the gradient, times w; of adamw: decoupled

  /// Throws Error(usage) for a value outside its range or an option that the kind does not have.
  void validate() const;
};

/// The numbers of one step that are the same for many parameters. Made by Optimizer::step().
struct Step {
  float rate = 0.0f;          ///< sgd: lr; adam: lr / (1 - b1^t)
  float root_scale = 0.0f;    ///< adam: 1 / sqrt(1 - b2^t)
  float decay_factor = 1.0f;  ///< adamw: 1 - lr wd
};

/// Turns gradients into steps, over one flat store of parameters.
///
/// With g the gradient, w the weights, t the number of the step (from 1), lr the learning rate, mu, b1, b2, eps, wd
/// the options, and the state zero at first:
///
///     sgd    g += wd w;  without momentum: w -= lr g
///            with: m = mu m + g;  w -= lr m, or with nesterov w -= lr (g + mu m)
///     adam   g += wd w;  m += (1-b1)(g - m);  v = b2 v + (1-b2) g^2;
///            w -= lr / (1-b1^t) * (m / (sqrt(v) / sqrt(1-b2^t) + eps))
///     adamw  w *= 1 - lr wd, then as adam without its first term
///
/// which is what PyTorch computes, up to rounding: here multiply-adds are fused and sqrt(v) is multiplied by the
/// reciprocal of sqrt(1-b2^t), which leaves one division. State is float32; the bias corrections are float64, computed
/// once a step. Square roots and divisions are correctly rounded and each element is computed alone, so the bits
/// (of numbers; a NaN's payload may differ) depend neither on the SIMD target nor on how a step is cut into ranges.
class Optimizer {
 public:
  /// Takes state_slots() * parameters floats. Throws Error(usage) for invalid options.
  Optimizer(const OptimizerOptions& options, std::size_t parameters);

  [[nodiscard]] const OptimizerOptions& options() const noexcept { return options_; }
  [[nodiscard]] std::size_t parameters() const noexcept { return parameters_; }
  /// Numbers kept for each parameter: 0 (sgd), 1 (sgd with momentum: m) or 2 (adam, adamw: m, v).
  [[nodiscard]] std::size_t state_slots() const noexcept;
  /// Slot 0 is m, slot 1 is v, each laid out as the parameters. Throws Error(usage) for another slot.
  [[nodiscard]] std::span<float> state(std::size_t slot);
  [[nodiscard]] std::span<const float> state(std::size_t slot) const;
  /// Steps begun so far.
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
  /// Continues after `steps` steps; whoever restores fills state() too. The next step is then the one that would have
  /// followed, bit for bit.
  void restore(std::uint64_t steps) noexcept;

  /// Changes the momentum of an sgd that was made with one, from the next step on. Throws Error(usage) for a value
  /// outside [0, 1) and for an optimizer without that state.
  void set_momentum(double momentum);

  /// Begins the next step. Throws Error(usage) for a learning rate outside [0, 1e37].
  void begin_step(double learning_rate);

  /// This step's change of the elements [first, first + count) of the store whose first elements are `weights` and
  /// `gradient`; each element must be updated once a step. Several threads may update disjoint ranges at once.
  /// Throws Error(usage) for a range beyond parameters() and before the first begin_step() or that after a restore().
  void update(std::size_t first, std::size_t count, float* weights, const float* gradient) const;
  /// The same for a piece of a matrix in the store: element (i, j) of `gradient` is the derivative by element
  /// first + i * stride + j.
  void update(std::size_t first, MatrixView<const float> gradient, std::size_t stride, float* weights) const {
    update(first, gradient, stride, weights, step_);
  }
  /// The same by a step() of this step.
  void update(std::size_t first, MatrixView<const float> gradient, std::size_t stride, float* weights,
              const Step& step) const;

  /// The step that was begun, for parameters whose learning rate is `rate_factor` times the others' and that took no
  /// part in the first `missed` steps, which their bias corrections then leave out. step(1) is that of the other
  /// update() functions. Throws Error(usage) before the first begin_step(), for a factor outside [0, 1], and unless
  /// missed < steps().
  [[nodiscard]] Step step(double rate_factor, std::uint64_t missed = 0) const;

 private:
  OptimizerOptions options_;
  std::size_t parameters_;
  std::uint64_t steps_ = 0;
  bool begun_ = false;
  double learning_rate_ = 0.0;
  Step step_;
  std::array<Buffer<float>, 2> state_;
  // The same memory, reached by update() of several threads at once.
  std::array<float*, 2> slots_{};
};

}  // namespace fanin::optim
