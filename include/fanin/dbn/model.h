#pragma once

#include <cstddef>
#include <vector>

#include "fanin/dbn/stack.h"
#include "fanin/rbm/rbm.h"

namespace fanin::dbn {

/// A deep belief network (Hinton, Osindero and Teh 2006): an RBM, with labels or without, over directed layers. Each
/// directed layer has weights of its own for the way up (recognition) and the way down (generation); both begin as
/// those of the stack's RBM. Hidden units are binary, the lowest visible ones binary or Gaussian.
///
/// Directed layer l keeps its weights as two RBMs of the same sizes: of recognition(l) W and the hidden biases are
/// used, of generation(l) W and the visible biases.
class Model {
 public:
  /// Copies all weights. Throws Error(unsupported) naming the layer for other kinds of units.
  explicit Model(const Stack& stack);

  /// Directed layers: the stack's depth less one.
  [[nodiscard]] std::size_t directed() const noexcept { return recognition_.size(); }
  /// Visible units, and those that the top RBM has without its labels.
  [[nodiscard]] std::size_t inputs() const noexcept;
  [[nodiscard]] std::size_t top_inputs() const noexcept { return top_.spec().visible; }
  [[nodiscard]] std::size_t labels() const noexcept { return top_.spec().labels; }

  /// Throw Error(usage) for a layer that is not there.
  [[nodiscard]] rbm::Rbm& recognition(std::size_t layer);
  [[nodiscard]] const rbm::Rbm& recognition(std::size_t layer) const;
  [[nodiscard]] rbm::Rbm& generation(std::size_t layer);
  [[nodiscard]] const rbm::Rbm& generation(std::size_t layer) const;
  [[nodiscard]] rbm::Rbm& top() noexcept { return top_; }
  [[nodiscard]] const rbm::Rbm& top() const noexcept { return top_; }

  /// Rows of `out` [n, top_inputs()]: means upward from rows of `v` [n, inputs()], as Stack::up(). Throws Error(usage)
  /// for shapes that do not fit.
  void up(MatrixView<const float> v, MatrixView<float> out) const;

 private:
  std::vector<rbm::Rbm> recognition_;
  std::vector<rbm::Rbm> generation_;
  rbm::Rbm top_;
};

}  // namespace fanin::dbn
