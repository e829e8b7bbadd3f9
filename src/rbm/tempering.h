#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fanin/linalg/zeros.h"
#include "fanin/random/stream.h"
#include "fanin/rbm/rbm.h"

#include "rbm/plane.h"
#include "rbm/unit_layer.h"

namespace fanin::rbm::detail {

/// Sets of chains of a binary machine at inverse temperatures 0 = beta_0 < ... < beta_{M-1} = 1, evenly spaced. Set s
/// has rows [s M, (s + 1) M); sets do not see each other, so any thread may advance any of them.
class Tempering {
 public:
  Tempering(std::size_t sets, std::size_t temperatures, std::size_t visible, std::size_t hidden,
            const random::Stream& start);

  [[nodiscard]] std::size_t sets() const noexcept { return sets_; }
  /// k times for sets [first, first + count): v ~ p(v | h), h ~ p(h | v), both with inputs times beta, then exchanges
  /// between neighbours, even and odd pairs in turn.
  void advance(const Rbm& rbm, const random::Stream& stream, std::size_t k, linalg::Zeros zeros, std::size_t first,
               std::size_t count);
  /// The row with beta = 1 of a set: visible states, and inputs of the hidden units.
  [[nodiscard]] std::span<const float> visible(std::size_t set) const;
  [[nodiscard]] std::span<const float> hidden_inputs(std::size_t set) const;
  /// Adds up what the sets counted.
  void swap_rates(std::span<double> rates) const;

 private:
  void exchange(const Rbm& rbm, const random::Stream& stream, std::size_t set, std::size_t parity);

  std::size_t sets_;
  std::size_t levels_;
  Plane v_, h_, x_, scratch_;
  UnitLayer visible_units_, hidden_units_;
  std::vector<std::uint32_t> row_of_;  // [sets, levels]: the row that a level's state lies in
  std::vector<float> beta_of_row_;
  std::vector<std::uint64_t> accepted_, proposed_;  // [sets, levels - 1]
  std::vector<std::uint64_t> rounds_;               // of each set, so that pairs alternate over steps
};

}  // namespace fanin::rbm::detail
