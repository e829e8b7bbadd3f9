#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fanin::io {

/// Decodes one PNG in memory to 8-bit gray or RGB, with an alpha channel where the file has transparency. All colour
/// types, bit depths and interlacing; values as they are encoded, gamma chunks ignored.
class PngDecoder {
 public:
  /// Reads up to the pixels. `file` is borrowed. Throws Error(data) with `path` in the message.
  PngDecoder(std::string path, std::string_view file);
  ~PngDecoder();
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  [[nodiscard]] std::size_t rows() const noexcept;
  [[nodiscard]] std::size_t cols() const noexcept;
  /// 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA.
  [[nodiscard]] std::size_t channels() const noexcept;
  /// rows * cols * channels samples; takes memory for them, so check the size before. Once only.
  [[nodiscard]] std::vector<std::uint8_t> samples();

 private:
  struct State;
  [[noreturn]] void fail() const;

  std::string path_;
  std::unique_ptr<State> state_;
};

}  // namespace fanin::io
