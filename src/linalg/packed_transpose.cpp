#include "fanin/linalg/packed_transpose.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/packed_transpose.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>

#include "linalg/transpose-inl.h"
#include "linalg/transpose.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::HWY_NAMESPACE {
namespace {

void transpose_strip(const MatrixView<const float>& from, float* to, size_t to_row) {
  transpose(from, to, to_row);
}

}  // namespace
}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin::linalg {
namespace {

HWY_EXPORT(transpose_strip);

}  // namespace

void detail::transpose(MatrixView<const float> from, float* to, std::size_t to_row) {
  HWY_DYNAMIC_DISPATCH(transpose_strip)(from, to, to_row);
}

PackedTranspose::PackedTranspose(std::size_t rows, std::size_t cols)
    : rows_(rows), cols_(cols), data_(size(rows, cols)) {}

PackedTranspose::PackedTranspose(std::size_t rows, std::size_t cols, float* panels) noexcept
    : rows_(rows), cols_(cols), outside_(panels) {}

std::size_t PackedTranspose::size(std::size_t rows, std::size_t cols) noexcept {
  return (rows + 15) / 16 * 16 * cols;
}

std::size_t PackedTranspose::width(std::size_t rows, std::size_t p) noexcept {
  return std::min(kPanel, (rows - p * kPanel + 15) / 16 * 16);
}

MatrixView<const float> PackedTranspose::panel(std::size_t p) const {
  return {data() + p * kPanel * cols_, cols_, std::min(kPanel, rows_ - p * kPanel), width(p)};
}

namespace {

/// Calls part(first row of the block, rows) for each panel that the rows [first_row, first_row + rows) of W touch.
template <class Part>
void for_panels(std::size_t first_row, std::size_t rows, Part part) {
  for (std::size_t i = 0; i < rows;) {
    const std::size_t n = std::min(rows - i, PackedTranspose::kPanel - (first_row + i) % PackedTranspose::kPanel);
    part(i, n);
    i += n;
  }
}

}  // namespace

void PackedTranspose::refresh(MatrixView<const float> block, std::size_t first_row, std::size_t first_col) {
  for_panels(first_row, block.rows, [&](std::size_t i, std::size_t n) {
    const std::size_t row = first_row + i;
    detail::transpose(block.rows_at(i, n), data() + offset(row, first_col), width(row / kPanel));
  });
}

void PackedTranspose::unpack(const float* panels, std::size_t rows, std::size_t cols, MatrixView<float> block,
                             std::size_t first_row, std::size_t first_col) {
  for_panels(first_row, block.rows, [&](std::size_t i, std::size_t n) {
    const std::size_t row = first_row + i;
    detail::transpose({panels + offset(rows, cols, row, first_col), block.cols, n, width(rows, row / kPanel)},
                      block.row(i), block.stride);
  });
}

}  // namespace fanin::linalg
#endif
