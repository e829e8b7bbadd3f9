#include "data/digits.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/data/batches.h"
#include "fanin/data/idx.h"
#include "fanin/random/stream.h"

namespace fanin::data {
namespace {

constexpr std::size_t kSide = 8;
constexpr std::uint8_t kMost = 16;
constexpr std::size_t kClasses = 10;

void check(const Dataset& raw, const std::string& path) {
  const auto fail = [&](const std::string& sentence) {
    throw Error(ErrorKind::data, "digits", fmt::format("{}: {}", path, sentence));
  };
  if (raw.sample_shape() != Shape{kSide, kSide}) {
    fail(fmt::format("holds pictures of {}, these digits are [{}, {}]", raw.sample_shape().str(), kSide, kSide));
  }
  constexpr std::size_t kFewest = 5;
  if (raw.size() < kFewest) fail(fmt::format("holds {} pictures, at least {} are needed", raw.size(), kFewest));
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const auto pixels = raw.bytes(i);
    for (std::size_t p = 0; p < pixels.size(); ++p) {
      if (pixels[p] > kMost) {
        fail(fmt::format("pixel {} of picture {} is {}, allowed are 0 to {}", p, i, pixels[p], kMost));
      }
    }
  }
}

// Where a pixel of a copy comes from.
struct Shift {
  int down;
  int right;
};
// The originals, then the copies whose content moved up, down, left and right.
constexpr std::array<Shift, 5> kShifts{{{0, 0}, {1, 0}, {-1, 0}, {0, 1}, {0, -1}}};

float pixel(std::span<const std::uint8_t> image, int row, int col) {
  constexpr int kEnd = kSide;
  if (row < 0 || row >= kEnd || col < 0 || col >= kEnd) return 0;
  return static_cast<float>(image[static_cast<std::size_t>(row) * kSide + static_cast<std::size_t>(col)]) / kMost;
}

Dataset part(const Dataset& raw, std::span<const std::uint32_t> chosen, std::string name, bool nudged) {
  std::vector<float> values;
  std::vector<std::int32_t> labels;
  for (const Shift& shift : std::span(kShifts).first(nudged ? kShifts.size() : 1)) {
    for (const std::uint32_t i : chosen) {
      const auto image = raw.bytes(i);
      labels.push_back(raw.labels()[i]);
      for (int r = 0; r < static_cast<int>(kSide); ++r) {
        for (int c = 0; c < static_cast<int>(kSide); ++c) {
          values.push_back(pixel(image, r + shift.down, c + shift.right));
        }
      }
    }
  }
  return {std::move(name), raw.sample_shape(), std::move(values), std::move(labels), raw.classes()};
}

}  // namespace

Split load_digits(const std::string& images_path, const std::string& labels_path, std::string_view name, bool nudged) {
  const Dataset raw = load_idx(images_path, labels_path, std::string(name), kClasses);
  check(raw, images_path);
  // Of the pictures, so that no copy of one that is learned from is among those that judge.
  constexpr double kTestShare = 0.2;
  const IndexSplit split = validation_split(raw.size(), kTestShare, random::Stream(0, "digits"));
  return {part(raw, split.train, fmt::format("{}/train", name), nudged),
          part(raw, split.validation, fmt::format("{}/test", name), nudged)};
}

}  // namespace fanin::data
