#include "fanin/rbm/rbm.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/init/fill.h"

#include "core/cache_line.h"
#include "rbm/unit_layer.h"

namespace fanin::rbm {
namespace {

constexpr std::size_t kMaxUnits = std::size_t{1} << 20;
constexpr std::size_t kMaxLabels = 65536;

MatrixView<float> at(const MatrixView<float>& m, const linalg::Block& b) {
  return {m.row(b.row) + b.col, b.rows, b.cols, m.stride};
}

}  // namespace

void RbmSpec::validate() const {
  const auto require = [](const char* what, std::size_t n) {
    if (n > 0 && n <= kMaxUnits) return;
    throw Error(ErrorKind::usage, "rbm", fmt::format("{} {} units given, allowed are 1 to {}", n, what, kMaxUnits));
  };
  require("visible", visible);
  require("hidden", hidden);
  if (labels == 1 || labels > kMaxLabels) {
    throw Error(
        ErrorKind::usage, "rbm",
        fmt::format("{} label unit{} given, allowed are 0 and 2 to {}", labels, labels == 1 ? "" : "s", kMaxLabels));
  }
}

Rbm::Rbm(const RbmSpec& spec)
    : spec_((spec.validate(), spec)),
      visible_(spec.visible + spec.labels),
      hidden_(spec.hidden),
      b_(rounded_to_lines(visible_ * hidden_)),
      c_(b_ + rounded_to_lines(visible_)),
      values_(c_ + rounded_to_lines(hidden_)),
      packed_(hidden_, visible_) {}

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

void Rbm::hidden_probabilities(MatrixView<const float> v, MatrixView<float> p, linalg::Zeros zeros) const {
  hidden_inputs(v, p, zeros, [&](const linalg::Block& b) { detail::means(spec_.hidden_units, at(p, b)); });
}

void Rbm::visible_probabilities(MatrixView<const float> h, MatrixView<float> p, linalg::Zeros zeros) const {
  const std::size_t units = spec_.visible;
  visible_inputs(h, p, zeros, [&](const linalg::Block& b) {
    if (b.col < units) {
      detail::means(spec_.visible_units, at(p, {b.row, b.rows, b.col, std::min(b.cols, units - b.col)}));
    }
  });
  detail::softmax({p.data + units, p.rows, spec_.labels, p.stride});
}

void Rbm::free_energy(MatrixView<const float> v, std::span<double> energy) const {
  if (energy.size() != v.rows) {
    throw Error(ErrorKind::usage, "rbm", fmt::format("{} energies for {} rows", energy.size(), v.rows));
  }
  if (spec_.hidden_units == UnitKind::relu || spec_.visible_units == UnitKind::relu) {
    throw Error(ErrorKind::unsupported, "rbm", "rectified linear units have no free energy in closed form");
  }
  const bool gaussian_visible = spec_.visible_units == UnitKind::gaussian;
  std::vector<float> x(hidden_);
  for (std::size_t r = 0; r < v.rows; ++r) {
    hidden_inputs(v.rows_at(r, 1), {x.data(), 1, hidden_});
    double f = 0;
    for (std::size_t i = 0; i < visible_; ++i) {
      const auto value = static_cast<double>(v(r, i));
      f -= static_cast<double>(visible_bias()[i]) * value;
      if (gaussian_visible && i < spec_.visible) f += value * value / 2;
    }
    if (spec_.hidden_units == UnitKind::gaussian) {
      for (const float input : x) f -= static_cast<double>(input) * static_cast<double>(input) / 2;
    } else {
      f -= detail::softplus_sum(x, 1.0);
    }
    energy[r] = f;
  }
}

}  // namespace fanin::rbm
