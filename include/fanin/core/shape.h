#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>

namespace fanin {

/// The extents of a tensor, row-major, outermost first: `[256, 784]`. A value of at most 8 dimensions.
/// Rank 0 is a scalar of one element; an extent of 0 gives a tensor without elements.
class Shape {
 public:
  static constexpr std::size_t kMaxRank = 8;

  Shape() = default;
  Shape(std::initializer_list<std::size_t> extents);
  /// Throws Error(usage) for more than kMaxRank extents or a product that does not fit in 63 bits.
  explicit Shape(std::span<const std::size_t> extents);

  [[nodiscard]] std::size_t rank() const noexcept { return rank_; }
  [[nodiscard]] std::size_t operator[](std::size_t axis) const noexcept { return extents_[axis]; }
  /// The product of all extents; 1 for a scalar. Never overflows: the constructor checked.
  [[nodiscard]] std::size_t elements() const noexcept { return elements_; }
  [[nodiscard]] const std::size_t* begin() const noexcept { return extents_.data(); }
  [[nodiscard]] const std::size_t* end() const noexcept { return extents_.data() + rank_; }
  /// `[256, 784]`, `[]` for a scalar.
  [[nodiscard]] std::string str() const;

  friend bool operator==(const Shape& a, const Shape& b) noexcept;

 private:
  std::array<std::size_t, kMaxRank> extents_{};
  std::size_t rank_ = 0;
  std::size_t elements_ = 1;
};

}  // namespace fanin
