#pragma once

#include <cstddef>
#include <span>

#include "fanin/core/matrix_view.h"
#include "fanin/io/png.h"

/// Numbers as gray pictures. Value r * cols + c becomes pixel (r, c). Deterministic.
/// Place of all errors: `tile`. Error(usage) for a side of 0, a picture beyond the limits of io/png.h or values that
/// are not rows * cols; Error(data) that names the position of a NaN or an infinity.
namespace fanin::report {

/// Weights: 0 becomes 128, -scale 1 and +scale 255; pixel = 128 + round(127 v / scale), ties away from 0, values beyond
/// the scale clamped. Scale 0 stands for the largest magnitude of the values, and then values that are all 0 are all
/// 128. Give one scale to tiles that are to be compared. Error(usage) for a scale that is negative or not finite.
[[nodiscard]] io::GrayImage signed_tile(std::span<const float> values, std::size_t rows, std::size_t cols,
                                        double scale = 0);

/// Probabilities and pixels: [0, 1] becomes 0..255; pixel = round(255 v), ties up, values outside clamped.
[[nodiscard]] io::GrayImage unit_tile(std::span<const float> values, std::size_t rows, std::size_t cols);

/// The probabilities of hidden units for some cases, as unit_tile() shows numbers: a row for each case, a column for
/// each unit (Hinton 2010, "A practical guide to training restricted Boltzmann machines", section 15). A column that is
/// black throughout is a unit that is never used, a white one a unit that is always on, a row that looks like its
/// neighbours a case that is not told apart from them. Error(data) also for a value outside [0, 1].
[[nodiscard]] io::GrayImage activity_map(MatrixView<const float> probabilities);

}  // namespace fanin::report
