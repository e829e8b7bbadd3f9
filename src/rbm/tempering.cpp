#include "rbm/tempering.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "rbm/unit_kernels.h"

namespace fanin::rbm::detail {

Tempering::Tempering(std::size_t sets, std::size_t temperatures, std::size_t visible, std::size_t hidden,
                     const random::Stream& start)
    : sets_(sets),
      levels_(temperatures),
      v_(sets * temperatures, visible),
      h_(sets * temperatures, hidden),
      x_(sets * temperatures, hidden),
      scratch_(sets * temperatures, std::max(visible, hidden)),
      visible_units_(UnitKind::binary, visible, 0, sets * temperatures),
      hidden_units_(UnitKind::binary, hidden, 0, sets * temperatures),
      row_of_(sets * temperatures),
      beta_of_row_(sets * temperatures),
      accepted_(sets * (temperatures - 1)),
      proposed_(sets * (temperatures - 1)),
      rounds_(sets) {
  for (std::size_t r = 0; r < row_of_.size(); ++r) {
    row_of_[r] = static_cast<std::uint32_t>(r);
    beta_of_row_[r] = static_cast<float>(r % levels_) / static_cast<float>(levels_ - 1);
    for (std::size_t j = 0; j < hidden; ++j) {
      h_.all()(r, j) = static_cast<float>(start.word(r * hidden + j) >> 31U);
    }
  }
}

void Tempering::advance(const Rbm& rbm, const random::Stream& stream, std::size_t k, linalg::Zeros zeros,
                        std::size_t first, std::size_t count) {
  const std::size_t begin = first * levels_;
  const std::size_t rows = count * levels_;
  const auto half_step = [&](UnitLayer& units, MatrixView<const float> inputs, MatrixView<float> states) {
    const MatrixView<float> scaled(scratch_.rows_at(begin, rows).data, rows, states.cols, scratch_.stride);
    for (std::size_t r = 0; r < rows; ++r) {
      const float beta = beta_of_row_[begin + r];
      for (std::size_t j = 0; j < states.cols; ++j) scaled(r, j) = beta * inputs(r, j);
    }
    units.apply({0, rows, 0, states.cols}, begin, scaled, 1.0F, states);
  };
  for (std::size_t s = 0; s < k; ++s) {
    const random::Stream of_step = stream.fold_in(s);
    const MatrixView<float> v = v_.rows_at(begin, rows);
    const MatrixView<float> h = h_.rows_at(begin, rows);
    const MatrixView<float> x = x_.rows_at(begin, rows);
    visible_units_.draw(of_step.fold_in(0), begin, rows);
    rbm.visible_inputs(h, v, zeros);
    half_step(visible_units_, v, v);
    hidden_units_.draw(of_step.fold_in(1), begin, rows);
    rbm.hidden_inputs(v, x, zeros);
    half_step(hidden_units_, x, h);
    for (std::size_t set = first; set < first + count; ++set) {
      exchange(rbm, of_step.fold_in(2), set, rounds_[set]++ % 2);
    }
  }
}

void Tempering::exchange(const Rbm& rbm, const random::Stream& stream, std::size_t set, std::size_t parity) {
  const auto energy = [&](std::size_t row) {
    return -static_cast<double>(dot(rbm.visible_bias().data(), v_.rows_at(row, 1).data, rbm.visible())) -
           static_cast<double>(dot(x_.rows_at(row, 1).data, h_.rows_at(row, 1).data, rbm.hidden()));
  };
  for (std::size_t m = parity; m + 1 < levels_; m += 2) {
    std::uint32_t& low = row_of_[set * levels_ + m];
    std::uint32_t& high = row_of_[set * levels_ + m + 1];
    const double beta_step = static_cast<double>(beta_of_row_[high]) - static_cast<double>(beta_of_row_[low]);
    const double log_ratio = beta_step * (energy(high) - energy(low));
    const double uniform = (static_cast<double>(stream.word(set * levels_ + m)) + 0.5) * 0x1p-32;
    const std::size_t pair = set * (levels_ - 1) + m;
    ++proposed_[pair];
    if (std::log(uniform) >= log_ratio) continue;
    ++accepted_[pair];
    std::swap(beta_of_row_[low], beta_of_row_[high]);
    std::swap(low, high);
  }
}

std::span<const float> Tempering::visible(std::size_t set) const {
  const std::size_t row = row_of_[set * levels_ + levels_ - 1];
  return {v_.rows_at(row, 1).data, v_.cols};
}

std::span<const float> Tempering::hidden_inputs(std::size_t set) const {
  const std::size_t row = row_of_[set * levels_ + levels_ - 1];
  return {x_.rows_at(row, 1).data, x_.cols};
}

void Tempering::swap_rates(std::span<double> rates) const {
  for (std::size_t m = 0; m < rates.size(); ++m) {
    std::uint64_t accepted = 0, proposed = 0;
    for (std::size_t set = 0; set < sets_; ++set) {
      accepted += accepted_[set * (levels_ - 1) + m];
      proposed += proposed_[set * (levels_ - 1) + m];
    }
    rates[m] = proposed == 0 ? 0 : static_cast<double>(accepted) / static_cast<double>(proposed);
  }
}

}  // namespace fanin::rbm::detail
