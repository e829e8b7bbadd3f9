#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fanin/io/png.h"

namespace fanin::report {

struct MosaicOptions {
  std::size_t columns = 0;  ///< tiles in a row; 0 makes the picture about square (without the gaps), never higher than
                            ///< wide by more than a tile; more than there are tiles means one row
  std::size_t gap = 1;      ///< pixels between neighbouring tiles, in the finished picture; none at the edges
  std::uint8_t gap_gray = 0;  ///< of the gaps and of the places of the last row that have no tile
  std::size_t scale = 1;      ///< each pixel of a tile becomes scale x scale pixels, at least 1
};

/// Tiles of one size in a grid, row by row from the top left: what the filters of a layer or the samples of a model
/// look like. With R rows of C tiles of h x w pixels, the picture has R h scale + (R - 1) gap rows and
/// C w scale + (C - 1) gap columns. Deterministic.
///
/// Throws Error(usage, "mosaic") for no tiles, a tile without pixels, of another size than the first one or with pixels
/// that are not rows * cols, for scale 0, and for a picture beyond the limits of io/png.h.
[[nodiscard]] io::GrayImage mosaic(std::span<const io::GrayImage> tiles, const MosaicOptions& options = {});

}  // namespace fanin::report
