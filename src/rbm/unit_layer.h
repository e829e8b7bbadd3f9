#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fanin/core/buffer.h"
#include "fanin/core/matrix_view.h"
#include "fanin/linalg/gemm.h"
#include "fanin/random/stream.h"
#include "fanin/rbm/units.h"

namespace fanin::rbm::detail {

/// x = the units' means for inputs x, in place, see UnitKind.
void means(UnitKind kind, MatrixView<float> x);
/// Each row becomes its softmax, in place. Nothing for no columns.
void softmax(MatrixView<float> x);

/// sum_j log(1 + e^(beta x_j)) in float64; the logarithm is taken of products of up to 512 terms in (1, 2].
[[nodiscard]] double softplus_sum(std::span<const float> x, double beta);

/// One layer of units for the rows of a batch: what they are and what their samples draw from. Row r, unit j of a draw
/// uses element r * units + j of its stream: a word for a binary unit, a normal number for the other kinds; the labels
/// of row r use word rows * units + r. Different threads may draw and sample different rows at once; nothing is
/// allocated.
class UnitLayer {
 public:
  UnitLayer(UnitKind kind, std::size_t units, std::size_t labels, std::size_t rows);

  [[nodiscard]] std::size_t width() const noexcept { return units_ + labels_; }

  /// Draws for rows [first, first + count).
  void draw(const random::Stream& stream, std::size_t first, std::size_t count);

  /// For a block of the layer's inputs, whose row 0 is row `first` of the batch: x = scale * expectation, in place,
  /// and, unless `states` has no data, states = samples. Of rectified linear units with inputs x the expectation is
  /// that of their samples. Views are of the whole rows [first, ...); the labels are left to finish().
  void apply(const linalg::Block& block, std::size_t first, MatrixView<float> x, float scale, MatrixView<float> states);
  /// The labels of whole rows, after all of their blocks.
  void finish(std::size_t first, MatrixView<float> x, float scale, MatrixView<float> states);

 private:
  UnitKind kind_;
  std::size_t units_;
  std::size_t labels_;
  std::size_t rows_;
  Buffer<std::uint32_t> words_;
  Buffer<float> normals_;
  Buffer<std::uint32_t> label_words_;
};

}  // namespace fanin::rbm::detail
