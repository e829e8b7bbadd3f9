#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "fanin/core/matrix_view.h"
#include "fanin/rbm/rbm.h"

namespace fanin::dbn {

/// RBMs one on another, the lowest first: the hidden units of one are the visible units of the next (Hinton, Osindero
/// and Teh 2006, "A fast learning algorithm for deep belief nets"). The top one alone may have labels, which come
/// after the units of the layer below it.
class Stack {
 public:
  /// Throws Error(usage), naming the layer, for no RBMs, sizes that do not fit, and labels below the top.
  explicit Stack(std::vector<rbm::Rbm> layers);

  [[nodiscard]] std::size_t depth() const noexcept { return layers_.size(); }
  /// RBM `layer`, from 0. Throws Error(usage) for one that is not there.
  [[nodiscard]] rbm::Rbm& layer(std::size_t layer);
  [[nodiscard]] const rbm::Rbm& layer(std::size_t layer) const;
  /// Units of each layer, without labels: 784, 500, 500, 2000.
  [[nodiscard]] std::vector<std::size_t> widths() const;

  /// Rows of `out` [n, widths()[layers]]: the means of the units after `layers` RBMs for rows of `v` [n, widths()[0]],
  /// each from the means below it; labels are taken as absent (zero). Rows do not see each other: cut them as you like,
  /// the bits are the same. Throws Error(usage) for shapes that do not fit and for layers above depth().
  void up(MatrixView<const float> v, std::size_t layers, MatrixView<float> out) const;

 private:
  std::vector<rbm::Rbm> layers_;
};

}  // namespace fanin::dbn
