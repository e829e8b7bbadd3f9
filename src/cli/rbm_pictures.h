#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fanin/core/matrix_view.h"
#include "fanin/io/png.h"
#include "fanin/rbm/rbm.h"

namespace fanin::cli {

/// Rows and columns of a picture of n values: the sides of a square, or one row.
[[nodiscard]] std::pair<std::size_t, std::size_t> picture_sides(std::size_t n);

/// Rows of [0, 1] as pictures, the first `columns` values of each.
[[nodiscard]] std::vector<io::GrayImage> unit_tiles(MatrixView<const float> rows, std::size_t columns);

/// The weights of the first `count` hidden units as pictures, each scaled by itself (labels left out).
[[nodiscard]] std::vector<io::GrayImage> filter_tiles(const rbm::Rbm& machine, std::size_t count);

/// The first tiles drawn for a terminal, with captions where there are some.
[[nodiscard]] std::string drawn(std::span<const io::GrayImage> tiles, std::size_t most,
                                std::span<const std::string> captions = {});

}  // namespace fanin::cli
