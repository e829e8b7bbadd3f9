#include "fanin/io/png.h"

#include <fmt/format.h>
#include <png.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/io/atomic_file.h"

#include "io/image_limits.h"
#include "io/png_decoder.h"
#include "io/posix.h"

namespace fanin::io {
namespace {

constexpr std::size_t kMostFileBytes = std::size_t{512} << 20;

[[noreturn]] void bad(ErrorKind kind, const std::string& path, std::string_view sentence) {
  throw Error(kind, "png", fmt::format("{}: {}", path, sentence));
}

std::vector<std::uint8_t> to_gray(const std::vector<std::uint8_t>& samples, std::size_t channels) {
  // 0.299, 0.587 and 0.114 in units of 2^-16; they add up to 1, so white stays white.
  constexpr std::uint64_t kRed = 19595;
  constexpr std::uint64_t kGreen = 38470;
  constexpr std::uint64_t kBlue = 7471;
  constexpr std::uint64_t kOne = kRed + kGreen + kBlue;
  const bool colour = channels >= 3;
  const bool alpha = channels % 2 == 0;
  std::vector<std::uint8_t> pixels(samples.size() / channels);
  const std::uint8_t* s = samples.data();
  for (std::uint8_t& pixel : pixels) {
    const std::uint64_t luma = colour ? kRed * s[0] + kGreen * s[1] + kBlue * s[2] : kOne * s[0];
    const std::uint64_t opacity = alpha ? s[channels - 1] : 255;
    const std::uint64_t sum = opacity * luma + (255 - opacity) * 255 * kOne;
    pixel = static_cast<std::uint8_t>((sum + 255 * kOne / 2) / (255 * kOne));
    s += channels;
  }
  return pixels;
}

}  // namespace

void require_valid(const GrayImage& image, std::string_view place) {
  if (!image_size_is_allowed(image.rows, image.cols)) {
    throw Error(ErrorKind::usage, place,
                fmt::format("a picture of {}x{}: each side must be in 1..{}, the pixels at most {}", image.rows,
                            image.cols, kMostImageSide, kMostImagePixels));
  }
  if (image.pixels.size() != image.rows * image.cols) {
    throw Error(ErrorKind::usage, place,
                fmt::format("a picture of {}x{} has {} pixels", image.rows, image.cols, image.pixels.size()));
  }
}

GrayImage read_png_gray(const std::filesystem::path& path) {
  const std::string name = path.string();
  const std::string file = read_all(name, kMostFileBytes, "png");
  if (!file.starts_with("\x89PNG\r\n\x1a\n")) bad(ErrorKind::data, name, "not a PNG file");
  PngDecoder decoder(name, file);
  GrayImage image{.rows = decoder.rows(), .cols = decoder.cols()};
  if (!image_size_is_allowed(image.rows, image.cols)) {
    bad(ErrorKind::unsupported, name,
        fmt::format("a picture of {}x{}: each side must be at most {}, the pixels at most {}", image.rows, image.cols,
                    kMostImageSide, kMostImagePixels));
  }
  image.pixels = decoder.channels() == 1 ? decoder.samples() : to_gray(decoder.samples(), decoder.channels());
  return image;
}

void write_png_gray(const std::filesystem::path& path, const GrayImage& image) {
  require_valid(image, "png");
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.cols);
  png.height = static_cast<png_uint_32>(image.rows);
  png.format = PNG_FORMAT_GRAY;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
  std::vector<std::byte> bytes(size);
  if (png_image_write_to_memory(&png, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr) == 0) {
    bad(ErrorKind::io, path.string(), png.message);
  }
  AtomicFile file(path);
  file.write(std::span(bytes).first(size));
  file.commit();
}

}  // namespace fanin::io
