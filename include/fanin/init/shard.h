#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fanin/core/shape.h"

namespace fanin::init {

/// Part `part` of `parts`, counted from 1: `3/8`.
///
/// Every tensor is cut along its leading dimension: of R rows part k of n holds [R (k - 1) / n, R k / n), both rounded
/// down. The parts are disjoint, in order, and together the whole; their sizes differ by at most one row, and where n
/// divides R they are the equal shares that tensor parallelism over outputs uses. Rows are contiguous in memory, so a
/// part of a tensor is a range of its bytes. A scalar belongs to part 1.
struct Shard {
  std::size_t part = 1;
  std::size_t parts = 1;

  static constexpr std::size_t kMostParts = std::size_t{1} << 20;

  /// Throws Error(usage) unless `text` is K/N with 1 <= K <= N <= 2^20.
  [[nodiscard]] static Shard parse(std::string_view text);
  [[nodiscard]] std::string str() const;
  [[nodiscard]] bool is_whole() const noexcept { return parts == 1; }
  friend bool operator==(const Shard&, const Shard&) = default;
};

/// Elements [first, first + count) of a tensor, row-major.
struct ElementRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  friend bool operator==(const ElementRange&, const ElementRange&) = default;
};

/// The elements of a tensor that a shard holds.
[[nodiscard]] ElementRange elements_of(const Shard& shard, const Shape& shape);
/// The shape of the shard's part: the tensor's with fewer rows. A scalar keeps its shape.
[[nodiscard]] Shape shape_of(const Shard& shard, const Shape& shape);
/// Whether the shard holds the tensor at all: false only for a scalar and a part other than 1. A part of 0 rows is
/// held.
[[nodiscard]] bool holds(const Shard& shard, const Shape& shape) noexcept;

}  // namespace fanin::init
