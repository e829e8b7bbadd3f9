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
    : rows_(rows), cols_(cols), data_((rows + 15) / 16 * 16 * cols) {}

std::size_t PackedTranspose::width(std::size_t p) const {
  return std::min(kPanel, (rows_ - p * kPanel + 15) / 16 * 16);
}

MatrixView<const float> PackedTranspose::panel(std::size_t p) const {
  return {data_.data() + p * kPanel * cols_, cols_, std::min(kPanel, rows_ - p * kPanel), width(p)};
}

void PackedTranspose::refresh(MatrixView<const float> block, std::size_t first_row, std::size_t first_col) {
  for (std::size_t i = 0; i < block.rows;) {
    const std::size_t row = first_row + i;
    const std::size_t p = row / kPanel;
    const std::size_t n = std::min(block.rows - i, (p + 1) * kPanel - row);
    float* to = data_.data() + p * kPanel * cols_ + first_col * width(p) + row % kPanel;
    detail::transpose(block.rows_at(i, n), to, width(p));
    i += n;
  }
}

}  // namespace fanin::linalg
#endif
