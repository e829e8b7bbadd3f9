#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace fanin::io {

/// A gray picture of 8 bits, row-major from the top left: pixel (r, c) is pixels[r * cols + c], 0 black, 255 white.
struct GrayImage {
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::vector<std::uint8_t> pixels{};  ///< rows * cols

  friend bool operator==(const GrayImage&, const GrayImage&) = default;
};

/// The largest picture that is read, written or made: 16384 in each direction and 2^26 pixels.
inline constexpr std::size_t kMostImageSide = 16384;
inline constexpr std::size_t kMostImagePixels = std::size_t{1} << 26;

/// Reads a PNG of any colour type, bit depth and interlacing as 8-bit gray.
///
/// An 8-bit gray picture keeps its values; fewer bits are spread over 0..255, 16 bits rounded. Colour becomes its luma
/// 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), transparent pixels are blended over white paper, both at once and
/// rounded half up. All on the values as they are encoded: gamma and colour profile chunks are ignored.
///
/// Error(io) if the file cannot be read; Error(data) if it is no PNG, damaged or truncated, or more than 512 MiB;
/// Error(unsupported) beyond the limits above, which are checked before memory for the pixels is taken.
[[nodiscard]] GrayImage read_png_gray(const std::filesystem::path& path);

/// Writes an 8-bit gray PNG through AtomicFile. Error(usage) for a picture without pixels, beyond the limits or whose
/// pixels are not rows * cols; Error(io) if the system refuses.
void write_png_gray(const std::filesystem::path& path, const GrayImage& image);

/// Resamples with a box filter: each new pixel is the mean of the rectangle of the old picture that it covers,
/// partly covered pixels counted by area, rounded half up. Exact integer arithmetic, so the same on every machine.
/// Proportions are not kept: crop or pad before. Error(usage) for a bad picture, a side of 0 or beyond the limits.
[[nodiscard]] GrayImage resize_area(const GrayImage& image, std::size_t rows, std::size_t cols);

}  // namespace fanin::io
