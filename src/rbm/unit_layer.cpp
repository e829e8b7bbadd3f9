#include "rbm/unit_layer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "fanin/linalg/vector_math.h"
#include "fanin/random/distributions.h"

#include "rbm/unit_kernels.h"

namespace fanin::rbm::detail {
namespace {

constexpr std::size_t kPiece = 64;

// E max(0, x + sqrt(s) z) for z ~ N(0, 1) with s = sigmoid(x) is x Phi(x / sqrt s) + sqrt(s) phi(x / sqrt s).
void rectified(std::span<float> x, float scale, const float* normals, float* states) {
  std::array<float, kPiece> root{}, ratio{}, density{}, cumulated{};
  for (std::size_t at = 0; at < x.size(); at += kPiece) {
    const std::size_t n = std::min(kPiece, x.size() - at);
    const std::span<float> in = x.subspan(at, n);
    linalg::sigmoid(in, std::span(root).first(n));
    for (std::size_t i = 0; i < n; ++i) {
      root[i] = std::sqrt(root[i]);
      // Far below zero nothing is left of the unit; the quotient itself would overflow.
      ratio[i] = std::max(in[i] / std::max(root[i], 1e-18F), -30.0F);
      density[i] = -0.5F * ratio[i] * ratio[i];
      cumulated[i] = ratio[i] * (1 / std::numbers::sqrt2_v<float>);
    }
    linalg::exp(std::span(density).first(n), std::span(density).first(n));
    linalg::erf(std::span(cumulated).first(n), std::span(cumulated).first(n));
    constexpr float kDensity = 0.3989422804014327F;  // 1 / sqrt(2 pi)
    for (std::size_t i = 0; i < n; ++i) {
      if (states != nullptr) states[at + i] = std::max(0.0F, std::fma(root[i], normals[at + i], in[i]));
      const float mean = std::fma(in[i], 0.5F * (1 + cumulated[i]), root[i] * density[i] * kDensity);
      in[i] = scale * std::max(0.0F, mean);
    }
  }
}

}  // namespace

void means(UnitKind kind, MatrixView<float> x) {
  if (kind == UnitKind::binary) sigmoid(x);
  if (kind != UnitKind::relu) return;
  for (std::size_t r = 0; r < x.rows; ++r) {
    for (std::size_t j = 0; j < x.cols; ++j) x(r, j) = std::max(0.0F, x(r, j));
  }
}

void softmax(MatrixView<float> x) {
  for (std::size_t r = 0; r < x.rows && x.cols > 0; ++r) {
    const std::span<float> row(x.row(r), x.cols);
    const float top = *std::max_element(row.begin(), row.end());
    for (float& value : row) value -= top;
    linalg::exp(row, row);
    float sum = 0;
    for (const float value : row) sum += value;
    for (float& value : row) value /= sum;
  }
}

double softplus_sum(std::span<const float> x, double beta) {
  constexpr std::size_t kTerms = 512;  // 2^512 is well within float64
  double sum = 0;
  for (std::size_t at = 0; at < x.size(); at += kTerms) {
    double product = 1;
    for (const float value : x.subspan(at, std::min(kTerms, x.size() - at))) {
      const double z = beta * static_cast<double>(value);
      sum += std::max(z, 0.0);
      product *= 1 + std::exp(-std::abs(z));
    }
    sum += std::log(product);
  }
  return sum;
}

UnitLayer::UnitLayer(UnitKind kind, std::size_t units, std::size_t labels, std::size_t rows)
    : kind_(kind),
      units_(units),
      labels_(labels),
      rows_(rows),
      words_(kind == UnitKind::binary ? rows * units : 0),
      normals_(kind == UnitKind::binary ? 0 : rows * units),
      label_words_(labels > 0 ? rows : 0) {}

void UnitLayer::draw(const random::Stream& stream, std::size_t first, std::size_t count) {
  const std::size_t begin = first * units_;
  if (kind_ == UnitKind::binary) {
    stream.words(begin, std::span(words_.data() + begin, count * units_));
  } else {
    random::fill_normal(stream, begin, std::span(normals_.data() + begin, count * units_), 0, 1);
  }
  if (labels_ > 0) stream.words(rows_ * units_ + first, std::span(label_words_.data() + first, count));
}

void UnitLayer::apply(const linalg::Block& b, std::size_t first, MatrixView<float> x, float scale,
                      MatrixView<float> states) {
  if (b.col >= units_) return;
  const std::size_t cols = std::min(b.cols, units_ - b.col);
  const MatrixView<float> in(x.row(b.row) + b.col, b.rows, cols, x.stride);
  const std::size_t begin = (first + b.row) * units_ + b.col;
  MatrixView<float> out;
  if (states.data != nullptr) out = {states.row(b.row) + b.col, b.rows, cols, states.stride};
  if (kind_ == UnitKind::binary) {
    sigmoid_and_sample(in, scale, {words_.data() + begin, b.rows, cols, units_}, out);
    return;
  }
  for (std::size_t r = 0; r < b.rows; ++r) {
    const float* normals = normals_.data() + begin + r * units_;
    float* sample = out.data == nullptr ? nullptr : out.row(r);
    if (kind_ == UnitKind::relu) {
      rectified({in.row(r), cols}, scale, normals, sample);
      continue;
    }
    for (std::size_t j = 0; j < cols; ++j) {
      if (sample != nullptr) sample[j] = in(r, j) + normals[j];
      in(r, j) *= scale;
    }
  }
}

void UnitLayer::finish(std::size_t first, MatrixView<float> x, float scale, MatrixView<float> states) {
  if (labels_ == 0) return;
  const MatrixView<float> p(x.data + units_, x.rows, labels_, x.stride);
  softmax(p);
  for (std::size_t r = 0; r < x.rows; ++r) {
    if (states.data != nullptr) {
      const float uniform = static_cast<float>(label_words_[first + r] >> 8U) * 0x1p-24F;
      std::size_t chosen = 0;
      for (float below = p(r, 0); chosen + 1 < labels_ && uniform >= below; below += p(r, chosen)) ++chosen;
      std::fill_n(states.row(r) + units_, labels_, 0.0F);
      states(r, units_ + chosen) = 1;
    }
    for (std::size_t k = 0; k < labels_; ++k) p(r, k) *= scale;
  }
}

}  // namespace fanin::rbm::detail
