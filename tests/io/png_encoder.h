#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fanin::io {

/// A PNG written from the specification, without libpng: the reader's tests need kinds that our writer never makes.
struct RawPng {
  std::uint32_t rows = 0;
  std::uint32_t cols = 0;
  int depth = 8;
  int colour = 0;  ///< 0 gray, 2 RGB, 3 palette, 4 gray + alpha, 6 RGBA
  bool interlaced = false;
  std::vector<unsigned> samples{};  ///< rows * cols * channels
  std::string palette{};            ///< PLTE
  std::string transparency{};       ///< tRNS
  std::string gamma{};              ///< gAMA
};

inline std::string big_endian(std::uint32_t v) {
  return {static_cast<char>(v >> 24U), static_cast<char>(v >> 16U), static_cast<char>(v >> 8U), static_cast<char>(v)};
}

inline std::string png_chunk(std::string_view type, std::string_view data) {
  std::string body = std::string(type).append(data);
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big_endian(static_cast<std::uint32_t>(data.size())) + body + big_endian(static_cast<std::uint32_t>(crc));
}

/// The pixels (r0 + i * dr, c0 + j * dc) as rows of filter type 0.
inline std::string png_pass(const RawPng& png, std::size_t r0, std::size_t c0, std::size_t dr, std::size_t dc) {
  const std::size_t channels = png.samples.size() / png.rows / png.cols;
  std::string out;
  if (c0 >= png.cols) return out;
  for (std::size_t r = r0; r < png.rows; r += dr) {
    out += '\0';
    unsigned bits = 0;
    int held = 0;
    const auto put_bits = [&](unsigned value, int count) {
      for (int b = count - 1; b >= 0; --b) {
        bits = bits << 1U | (value >> static_cast<unsigned>(b) & 1U);
        if (++held == 8) {
          out += static_cast<char>(bits);
          bits = 0;
          held = 0;
        }
      }
    };
    for (std::size_t c = c0; c < png.cols; c += dc) {
      for (std::size_t k = 0; k < channels; ++k) put_bits(png.samples[(r * png.cols + c) * channels + k], png.depth);
    }
    if (held != 0) put_bits(0, 8 - held);
  }
  return out;
}

inline std::string png_header(std::uint32_t rows, std::uint32_t cols, int depth, int colour, bool interlaced) {
  const std::string kind{static_cast<char>(depth), static_cast<char>(colour), 0, 0, static_cast<char>(interlaced)};
  return std::string("\x89PNG\r\n\x1a\n") + png_chunk("IHDR", big_endian(cols) + big_endian(rows) + kind);
}

inline std::string encode(const RawPng& png) {
  std::string raw;
  if (png.interlaced) {
    // Adam7: first row, first column, row step, column step of each pass.
    constexpr std::size_t kPasses[7][4] = {{0, 0, 8, 8}, {0, 4, 8, 8}, {4, 0, 8, 4}, {0, 2, 4, 4},
                                           {2, 0, 4, 2}, {0, 1, 2, 2}, {1, 0, 2, 1}};
    for (const auto& p : kPasses) raw += png_pass(png, p[0], p[1], p[2], p[3]);
  } else {
    raw = png_pass(png, 0, 0, 1, 1);
  }
  uLongf size = compressBound(static_cast<uLong>(raw.size()));
  std::string packed(size, '\0');
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(raw.data()),
           static_cast<uLong>(raw.size()));
  packed.resize(size);
  std::string file = png_header(png.rows, png.cols, png.depth, png.colour, png.interlaced);
  if (!png.gamma.empty()) file += png_chunk("gAMA", png.gamma);
  if (!png.palette.empty()) file += png_chunk("PLTE", png.palette);
  if (!png.transparency.empty()) file += png_chunk("tRNS", png.transparency);
  return file + png_chunk("IDAT", packed) + png_chunk("IEND", "");
}

}  // namespace fanin::io
