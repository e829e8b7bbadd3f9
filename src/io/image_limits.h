#pragma once

#include <cstddef>
#include <string_view>

#include "fanin/io/png.h"

namespace fanin::io {

[[nodiscard]] inline bool image_size_is_allowed(std::size_t rows, std::size_t cols) noexcept {
  return rows >= 1 && cols >= 1 && rows <= kMostImageSide && cols <= kMostImageSide && rows * cols <= kMostImagePixels;
}

/// Throws Error(usage) unless the picture has an allowed size and as many pixels as it says.
void require_valid(const GrayImage& image, std::string_view place);

}  // namespace fanin::io
