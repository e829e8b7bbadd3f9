#include "cli/rbm_pictures.h"

#include <algorithm>
#include <cmath>

#include "fanin/report/bitmap.h"
#include "fanin/report/tile.h"

#include "cli/picture.h"

namespace fanin::cli {

std::pair<std::size_t, std::size_t> picture_sides(std::size_t n) {
  const auto side = static_cast<std::size_t>(std::llround(std::sqrt(static_cast<double>(n))));
  if (side * side == n) return {side, side};
  return {1, n};
}

std::vector<io::GrayImage> unit_tiles(MatrixView<const float> rows, std::size_t columns) {
  const auto [r, c] = picture_sides(columns);
  std::vector<io::GrayImage> tiles;
  for (std::size_t i = 0; i < rows.rows; ++i) tiles.push_back(report::unit_tile({rows.row(i), columns}, r, c));
  return tiles;
}

std::vector<io::GrayImage> filter_tiles(const rbm::Rbm& machine, std::size_t count) {
  const std::size_t n = machine.spec().visible;
  const auto [r, c] = picture_sides(n);
  std::vector<io::GrayImage> tiles;
  for (std::size_t j = 0; j < std::min(count, machine.hidden()); ++j) {
    tiles.push_back(report::signed_tile({machine.weight().row(j), n}, r, c));
  }
  return tiles;
}

std::string drawn(std::span<const io::GrayImage> tiles, std::size_t most, std::span<const std::string> captions) {
  std::vector<report::Picture> pictures;
  for (std::size_t i = 0; i < std::min(most, tiles.size()); ++i) {
    pictures.push_back({tiles[i], i < captions.size() ? captions[i] : std::string()});
  }
  return report::draw(pictures, bitmap_options());
}

}  // namespace fanin::cli
