#include "fanin/report/bitmap.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "fanin/core/error.h"

namespace fanin::report {
namespace {

constexpr std::size_t kGap = 2;

// Characters of a UTF-8 text: bytes that do not continue one.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// A line of text and the columns that it takes on a terminal, which its bytes do not tell.
struct Line {
  std::string text;
  std::size_t width = 0;
};

struct Cell {
  std::vector<Line> lines;
  std::size_t width = 0;
};

char ramp(unsigned value) {
  constexpr std::string_view kRamp = " .:-=+*#%@";
  return kRamp[value * kRamp.size() / 256];
}

// The palette's nearest gray: black, white, or one of the 24 grays 8, 18, ... 238 from colour 232 on.
int palette_gray(unsigned value) {
  if (value < 4) return 16;
  if (value > 246) return 231;
  return 232 + std::min(23, (static_cast<int>(value) - 3) / 10);
}

void draw_ascii(const io::GrayImage& image, std::size_t columns, Cell& cell) {
  constexpr std::size_t kSmall = 16;
  const bool wide = image.cols <= kSmall && 2 * image.cols <= columns;
  const std::size_t step = wide ? 1 : 2;
  for (std::size_t r = 0; r < image.rows; r += step) {
    const std::size_t below = std::min(r + step - 1, image.rows - 1);
    std::string text;
    for (std::size_t c = 0; c < image.cols; ++c) {
      const unsigned sum =
          static_cast<unsigned>(image.pixels[r * image.cols + c]) + image.pixels[below * image.cols + c];
      text.append(wide ? 2 : 1, ramp(sum / 2));
    }
    cell.lines.push_back({text, text.size()});
  }
}

void draw_ansi(const io::GrayImage& image, Cell& cell) {
  for (std::size_t r = 0; r < image.rows; r += 2) {
    std::string text;
    std::pair<int, int> now{-1, -1};
    for (std::size_t c = 0; c < image.cols; ++c) {
      const int top = palette_gray(image.pixels[r * image.cols + c]);
      const bool has_bottom = r + 1 < image.rows;
      const int bottom = has_bottom ? palette_gray(image.pixels[(r + 1) * image.cols + c]) : 0;
      if (const std::pair<int, int> colours{top, bottom}; colours != now) {
        text += has_bottom ? fmt::format("\x1b[38;5;{};48;5;{}m", top, bottom) : fmt::format("\x1b[38;5;{}m", top);
        now = colours;
      }
      text += "\xE2\x96\x80";  // upper half block
    }
    cell.lines.push_back({text + "\x1b[0m", image.cols});
  }
}

void check(const io::GrayImage& image) {
  if (image.rows == 0 || image.cols == 0 || image.pixels.size() / image.cols != image.rows ||
      image.pixels.size() % image.cols != 0) {
    throw Error(ErrorKind::usage, "bitmap",
                fmt::format("a picture of {}x{} with {} pixels given, its pixels must be rows * cols and at least 1",
                            image.rows, image.cols, image.pixels.size()));
  }
}

Cell cell_of(const Picture& picture, const BitmapOptions& options) {
  check(picture.image);
  std::optional<io::GrayImage> smaller;
  if (picture.image.cols > options.columns) {
    const std::size_t rows = (picture.image.rows * options.columns + picture.image.cols / 2) / picture.image.cols;
    smaller = io::resize_area(picture.image, std::max<std::size_t>(1, rows), options.columns);
  }
  const io::GrayImage& image = smaller ? *smaller : picture.image;
  Cell cell;
  if (options.style == BitmapStyle::ansi) {
    draw_ansi(image, cell);
  } else {
    draw_ascii(image, options.columns, cell);
  }
  if (!picture.caption.empty()) {
    std::string_view rest = picture.caption;
    while (true) {
      const auto cut = rest.find('\n');
      const std::string_view line = rest.substr(0, cut);
      cell.lines.push_back({std::string(line), width_of(line)});
      if (cut == std::string_view::npos) break;
      rest.remove_prefix(cut + 1);
    }
  }
  for (const Line& line : cell.lines) cell.width = std::max(cell.width, line.width);
  return cell;
}

std::string side_by_side(std::span<const Cell> cells) {
  std::size_t height = 0;
  for (const Cell& cell : cells) height = std::max(height, cell.lines.size());
  std::string out;
  for (std::size_t l = 0; l < height; ++l) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const Cell& cell = cells[i];
      const Line text = l < cell.lines.size() ? cell.lines[l] : Line{};
      line += text.text;
      if (i + 1 < cells.size()) line.append(cell.width - text.width + kGap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace

std::string draw(std::span<const Picture> pictures, const BitmapOptions& options) {
  if (options.columns == 0) throw Error(ErrorKind::usage, "bitmap", "0 columns given, at least 1 is needed");
  std::vector<Cell> cells;
  for (const Picture& picture : pictures) cells.push_back(cell_of(picture, options));
  std::string out;
  for (std::size_t first = 0; first < cells.size();) {
    std::size_t last = first + 1;
    std::size_t width = cells[first].width;
    while (last < cells.size() && width + kGap + cells[last].width <= options.columns) {
      width += kGap + cells[last].width;
      ++last;
    }
    if (first > 0) out += "\n";
    out += side_by_side(std::span(cells).subspan(first, last - first));
    first = last;
  }
  return out;
}

}  // namespace fanin::report
