#include "io/png_decoder.h"

#include <fmt/format.h>
#include <png.h>

#include <csetjmp>
#include <cstring>
#include <utility>

#include "fanin/core/error.h"

namespace fanin::io {

// The png_image functions would spare us the jumps, but libpng 1.6.39's give wrong pixels for interlaced files of 16
// bits. Functions that libpng may jump out of (read_header, read_pixels, the callbacks) hold plain data only.
struct PngDecoder::State {
  std::string_view rest;
  png_structp png = nullptr;
  png_infop info = nullptr;
  char message[160] = "";

  State() = default;
  ~State() { png_destroy_read_struct(&png, &info, nullptr); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  static void on_error(png_structp png, png_const_charp message) {
    auto* state = static_cast<State*>(png_get_error_ptr(png));
    std::strncpy(state->message, message, sizeof state->message - 1);
    png_longjmp(png, 1);
  }

  static void on_warning(png_structp, png_const_charp) {}

  static void on_read(png_structp png, png_bytep out, std::size_t size) {
    auto* state = static_cast<State*>(png_get_io_ptr(png));
    if (size > state->rest.size()) png_error(png, "the file ends within the picture");
    std::memcpy(out, state->rest.data(), size);
    state->rest.remove_prefix(size);
  }

  bool read_header() {
    if (setjmp(png_jmpbuf(png)) != 0) return false;
    png_set_read_fn(png, this, on_read);
    png_read_info(png, info);
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    return true;
  }

  bool read_pixels(png_bytep samples, std::size_t row_bytes) {
    if (setjmp(png_jmpbuf(png)) != 0) return false;
    const int passes = png_get_interlace_type(png, info) == PNG_INTERLACE_ADAM7 ? PNG_INTERLACE_ADAM7_PASSES : 1;
    const png_uint_32 height = png_get_image_height(png, info);
    for (int pass = 0; pass < passes; ++pass) {
      for (png_uint_32 r = 0; r < height; ++r) png_read_row(png, samples + r * row_bytes, nullptr);
    }
    png_read_end(png, nullptr);
    return true;
  }
};

PngDecoder::PngDecoder(std::string path, std::string_view file)
    : path_(std::move(path)), state_(std::make_unique<State>()) {
  state_->rest = file;
  state_->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, state_.get(), State::on_error, State::on_warning);
  if (state_->png != nullptr) state_->info = png_create_info_struct(state_->png);
  if (state_->info == nullptr) throw std::bad_alloc();
  if (!state_->read_header()) fail();
}

PngDecoder::~PngDecoder() = default;

void PngDecoder::fail() const {
  throw Error(ErrorKind::data, "png", fmt::format("{}: {}", path_, state_->message));
}

std::size_t PngDecoder::rows() const noexcept {
  return png_get_image_height(state_->png, state_->info);
}
std::size_t PngDecoder::cols() const noexcept {
  return png_get_image_width(state_->png, state_->info);
}
std::size_t PngDecoder::channels() const noexcept {
  return png_get_channels(state_->png, state_->info);
}

std::vector<std::uint8_t> PngDecoder::samples() {
  const std::size_t row_bytes = cols() * channels();
  if (row_bytes != png_get_rowbytes(state_->png, state_->info)) {
    throw Error(ErrorKind::data, "png", fmt::format("{}: libpng did not expand the samples to 8 bits", path_));
  }
  std::vector<std::uint8_t> samples(rows() * row_bytes);
  if (!state_->read_pixels(samples.data(), row_bytes)) fail();
  return samples;
}

}  // namespace fanin::io
