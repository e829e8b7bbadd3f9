#pragma once

#include <cstdint>

namespace fanin::init {

/// A distribution of independent elements, with its numbers. Bounds of a truncated normal are in units of std.
struct Law {
  enum class Kind { constant, uniform, normal, truncated_normal } kind = Kind::constant;
  double mean_or_low = 0;
  double std_or_high = 0;
  double low = 0;
  double high = 0;
  friend bool operator==(const Law&, const Law&) = default;
};

/// What the values of a tensor can be held to, beyond the bounds of Expected.
struct Promise {
  enum class Kind {
    bounded,     ///< nothing else is known
    exact,       ///< no random numbers: every value is known
    law,         ///< independent elements of `law`
    sparse,      ///< the same, but for `zeros` elements of the whole tensor that are 0
    orthogonal,  ///< Q^T Q = gain^2 I, or Q Q^T, of the matrix [first extent, all others]
  } kind = Kind::bounded;
  Law law{};
  std::uint64_t zeros = 0;
  double gain = 1;
};

/// The promise of independent elements; a law without spread is exact.
[[nodiscard]] inline Promise promise_of(const Law& law) {
  const bool spread = law.kind == Law::Kind::uniform ? law.mean_or_low < law.std_or_high
                                                     : law.kind != Law::Kind::constant && law.std_or_high > 0;
  return {spread ? Promise::Kind::law : Promise::Kind::exact, law};
}

/// Of normals with that std among `zeros` zeros.
[[nodiscard]] inline Promise sparse_promise(double std, std::uint64_t zeros) {
  if (std == 0) return {};
  return {Promise::Kind::sparse, {Law::Kind::normal, 0, std}, zeros};
}

}  // namespace fanin::init
