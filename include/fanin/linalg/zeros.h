#pragma once

#include <string>
#include <string_view>

namespace fanin::linalg {

/// What a product does with the zeros of its sparse operand. The result has the same bits in all three cases as long
/// as the other operand is finite; only the time differs.
enum class Zeros {
  automatic,  ///< skips them where so many are zero that it pays (decided for each few columns of each product)
  multiply,   ///< computes every product
  skip,       ///< computes no product with a zero, however few there are
};

/// `automatic`, `multiply`, `skip`. Throws Error(usage) for another name and suggests the nearest.
[[nodiscard]] Zeros parse_zeros(std::string_view text);
[[nodiscard]] std::string str(Zeros zeros);

}  // namespace fanin::linalg
