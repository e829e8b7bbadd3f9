#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fanin/core/buffer.h"
#include "fanin/core/matrix_view.h"
#include "fanin/core/thread_pool.h"
#include "fanin/init/scheme.h"
#include "fanin/linalg/gemm.h"
#include "fanin/linalg/packed_transpose.h"
#include "fanin/linalg/zeros.h"
#include "fanin/rbm/units.h"

namespace fanin::rbm {

/// Sizes and kinds of units.
struct RbmSpec {
  std::size_t visible = 0;  ///< V without the labels, 1 to 2^20
  std::size_t hidden = 0;   ///< H, 1 to 2^20
  UnitKind visible_units = UnitKind::binary;
  UnitKind hidden_units = UnitKind::binary;
  std::size_t labels = 0;  ///< K more visible units, of which exactly one is 1: a softmax; 0, or 2 to 65536

  /// Throws Error(usage) naming the field, its value and what is allowed.
  void validate() const;
};

/// A restricted Boltzmann machine (Smolensky 1986; Hinton 2002, "Training products of experts by minimizing contrastive
/// divergence"). With binary units on both sides
///
///     p(v, h) = e^-E(v, h) / Z        E(v, h) = -b.v - c.h - h^T W v
///     p(h_j = 1 | v) = sigmoid(c_j + W_j v)        p(v_i = 1 | h) = sigmoid(b_i + (h^T W)_i)
///
/// Gaussian units bring v^2 / 2 (or h^2 / 2) into the energy, which makes the input their mean; see UnitKind. The
/// last K of the V + K visible units are a softmax (labels).
///
/// W [H, V + K], b [V + K] and c [H] lie in one store, each from a multiple of 16 floats on; W is laid out as the
/// weight of a linear layer from the visible to the hidden units, so that one can become the other bit for bit. Results
/// are the same bits for every cut of a batch, on every SIMD target.
class Rbm {
 public:
  /// All parameters zero. Throws Error(usage) for an invalid spec.
  explicit Rbm(const RbmSpec& spec);
  /// Of binary units.
  Rbm(std::size_t visible, std::size_t hidden) : Rbm(RbmSpec{visible, hidden}) {}

  [[nodiscard]] const RbmSpec& spec() const noexcept { return spec_; }
  /// V + K: all visible units, labels included.
  [[nodiscard]] std::size_t visible() const noexcept { return visible_; }
  [[nodiscard]] std::size_t hidden() const noexcept { return hidden_; }

  /// The store. Whoever writes to it calls refresh() before the next product.
  [[nodiscard]] std::span<float> values() noexcept { return values_.span(); }
  [[nodiscard]] std::span<const float> values() const noexcept { return values_.span(); }
  [[nodiscard]] std::size_t visible_bias_offset() const noexcept { return b_; }
  [[nodiscard]] std::size_t hidden_bias_offset() const noexcept { return c_; }
  [[nodiscard]] MatrixView<const float> weight() const { return {values_.data(), hidden_, visible_}; }
  [[nodiscard]] std::span<const float> visible_bias() const { return values().subspan(b_, visible_); }
  [[nodiscard]] std::span<const float> hidden_bias() const { return values().subspan(c_, hidden_); }
  void refresh() { packed_.refresh(weight(), 0); }
  /// The same for one block of W, see linalg::PackedTranspose.
  void refresh(const linalg::Block& block);

  /// W by `scheme` from the stream `weight` under `seed`, biases zero. Hinton's guide (2010, section 8) takes
  /// normal(0, 0.01).
  void initialize(const init::Scheme& scheme, std::uint64_t seed, ThreadPool& pool);

  /// x = c + W v for rows v of `v` [n, V], what the sigmoid makes p(h = 1 | v); `done` as in linalg::gemm_transposed.
  void hidden_inputs(MatrixView<const float> v, MatrixView<float> x, linalg::Zeros zeros = linalg::Zeros::automatic,
                     linalg::BlockDone done = linalg::kNothingFollows) const;
  /// x = b + h^T W for rows h of `h` [n, H].
  void visible_inputs(MatrixView<const float> h, MatrixView<float> x, linalg::Zeros zeros = linalg::Zeros::automatic,
                      linalg::BlockDone done = linalg::kNothingFollows) const;

  /// Means of the units given the other layer, row by row, see UnitKind: for binary units p(h = 1 | v), p(v = 1 | h).
  void hidden_probabilities(MatrixView<const float> v, MatrixView<float> p,
                            linalg::Zeros zeros = linalg::Zeros::automatic) const;
  void visible_probabilities(MatrixView<const float> h, MatrixView<float> p,
                             linalg::Zeros zeros = linalg::Zeros::automatic) const;

  /// F(v) = -log sum_h e^-E(v, h), summed in float64 from inputs x = c + W v in float32: with binary hidden units
  /// -b.v - sum_j log(1 + e^x_j), with Gaussian ones -b.v - sum_j x_j^2 / 2 (without the constant H log(2 pi) / 2), and
  /// + v.v / 2 for Gaussian visible units. Throws Error(usage) unless there is one place for each row, and
  /// Error(unsupported) for rectified linear hidden or visible units, which have no such energy.
  void free_energy(MatrixView<const float> v, std::span<double> energy) const;

 private:
  RbmSpec spec_;
  std::size_t visible_;
  std::size_t hidden_;
  std::size_t b_;
  std::size_t c_;
  Buffer<float> values_;
  linalg::PackedTranspose packed_;
};

}  // namespace fanin::rbm
