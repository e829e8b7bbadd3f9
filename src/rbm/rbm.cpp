#include "fanin/rbm/rbm.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/init/fill.h"

#include "rbm/units.h"

namespace fanin::rbm {
namespace {

constexpr std::size_t kLine = 16;  // floats in a cache line
constexpr std::size_t kMaxUnits = std::size_t{1} << 20;

std::size_t rounded_to_lines(std::size_t n) {
  return (n + kLine - 1) / kLine * kLine;
}

std::size_t checked(const char* what, std::size_t units) {
  if (units == 0 || units > kMaxUnits) {
    throw Error(ErrorKind::usage, "rbm", fmt::format("{} {} units given, allowed are 1 to {}", units, what, kMaxUnits));
  }
  return units;
}

MatrixView<float> at(const MatrixView<float>& m, const linalg::Block& b) {
  return {m.row(b.row) + b.col, b.rows, b.cols, m.stride};
}

}  // namespace

Rbm::Rbm(std::size_t visible, std::size_t hidden)
    : visible_(checked("visible", visible)),
      hidden_(checked("hidden", hidden)),
      b_(rounded_to_lines(visible * hidden)),
      c_(b_ + rounded_to_lines(visible)),
      values_(c_ + rounded_to_lines(hidden)),
      packed_(hidden, visible) {}

void Rbm::refresh(const linalg::Block& block) {
  packed_.refresh({values_.data() + block.row * visible_ + block.col, block.rows, block.cols, visible_}, block.row,
                  block.col);
}

void Rbm::initialize(const init::Scheme& scheme, std::uint64_t seed, ThreadPool& pool) {
  const Shape shape{hidden_, visible_};
  std::fill(values_.data(), values_.data() + values_.size(), 0.0F);
  init::fill(scheme, shape, init::linear_fans(shape), random::Stream(seed, "weight"),
             values().first(visible_ * hidden_), pool);
  refresh();
}

void Rbm::hidden_inputs(MatrixView<const float> v, MatrixView<float> x, linalg::Zeros zeros,
                        linalg::BlockDone done) const {
  linalg::gemm_transposed(v, packed_, hidden_bias(), x, zeros, done);
}

void Rbm::visible_inputs(MatrixView<const float> h, MatrixView<float> x, linalg::Zeros zeros,
                         linalg::BlockDone done) const {
  linalg::gemm(linalg::LeftOperand::plain(h), weight(), linalg::Start::row(visible_bias()), x, zeros, done);
}

void Rbm::hidden_probabilities(MatrixView<const float> v, MatrixView<float> p) const {
  hidden_inputs(v, p, linalg::Zeros::automatic, [&](const linalg::Block& b) { detail::sigmoid(at(p, b)); });
}

void Rbm::visible_probabilities(MatrixView<const float> h, MatrixView<float> p) const {
  visible_inputs(h, p, linalg::Zeros::automatic, [&](const linalg::Block& b) { detail::sigmoid(at(p, b)); });
}

void Rbm::free_energy(MatrixView<const float> v, std::span<double> energy) const {
  if (energy.size() != v.rows) {
    throw Error(ErrorKind::usage, "rbm", fmt::format("{} energies for {} rows", energy.size(), v.rows));
  }
  std::vector<float> x(hidden_);
  for (std::size_t r = 0; r < v.rows; ++r) {
    hidden_inputs(v.rows_at(r, 1), {x.data(), 1, hidden_});
    double f = 0;
    for (std::size_t i = 0; i < visible_; ++i) {
      f -= static_cast<double>(visible_bias()[i]) * static_cast<double>(v(r, i));
    }
    for (const float input : x) {
      const auto z = static_cast<double>(input);
      f -= std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z)));
    }
    energy[r] = f;
  }
}

}  // namespace fanin::rbm
