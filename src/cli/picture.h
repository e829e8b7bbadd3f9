#pragma once

#include <cstddef>
#include <optional>

#include "fanin/data/dataset.h"
#include "fanin/io/png.h"
#include "fanin/report/bitmap.h"

namespace fanin::cli {

/// How stdout shows pictures: colours and the window's width on a terminal that has them (TERM other than `dumb`, no
/// NO_COLOR), otherwise plain characters, and 120 columns where it is no terminal.
[[nodiscard]] report::BitmapOptions bitmap_options();

/// Sample i as a picture, if samples have two axes (or three, one of them 1), or are rows of 64 values or more whose
/// number is a square. Floats are scaled so that 0 .. 1, or what of the real line the sample covers beyond it, becomes
/// 0 .. 255.
[[nodiscard]] std::optional<io::GrayImage> picture_of(const data::Dataset& data, std::size_t i);

/// A picture from outside as a network's input.
struct NetworkInput {
  io::GrayImage image;  ///< side x side with side * side = inputs, white on black
  bool inverted = false;
  bool padded = false;  ///< made square with its background, so that proportions are kept
};

/// `invert` decides whether black and white are exchanged; without it the border does: a mostly bright one is paper.
/// Throws Error(usage) if `inputs` is no square number.
[[nodiscard]] NetworkInput prepare(io::GrayImage image, std::size_t inputs, std::optional<bool> invert);

}  // namespace fanin::cli
