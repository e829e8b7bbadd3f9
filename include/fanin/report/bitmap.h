#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "fanin/io/png.h"

namespace fanin::report {

/// How a gray picture becomes text.
enum class BitmapStyle {
  ascii,  ///< brightness as one of ` .:-=+*#%@`: a character is 1 pixel wide and 2 high (the mean of the two), or, for
          ///< pictures of up to 16 columns where there is room, half a pixel wide and 1 high
  ansi,   ///< UTF-8 half blocks in the 256-colour palette of a terminal: a character is 1 pixel wide and 2 high
};

struct BitmapOptions {
  BitmapStyle style = BitmapStyle::ascii;
  std::size_t columns = 80;  ///< of the text: the most that a line may have, at least 1
};

/// A picture and what stands below it; lines of the caption are separated by '\n'.
struct Picture {
  io::GrayImage image{};
  std::string caption{};
};

/// Pictures side by side, tops aligned, two spaces between, in as many rows as the columns ask for; a blank line
/// between the rows. White (255) is the brightest character: meant for light text on a dark ground.
///
/// A picture wider than the options' columns is resampled to fit, its proportions kept. Lines end without spaces, and
/// in the ansi style each line leaves the terminal's colours as they were. No pictures give an empty text.
/// Deterministic. Throws Error(usage) for a picture without pixels or whose pixels are not rows * cols, and for 0
/// columns.
[[nodiscard]] std::string draw(std::span<const Picture> pictures, const BitmapOptions& options);

}  // namespace fanin::report
