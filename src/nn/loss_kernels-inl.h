// The rows of the losses, included once per target by loss.cpp.
#include <cstddef>
#include <cstdint>

#include "fanin/core/matrix_view.h"

#include "linalg/vector_math-inl.h"

#if defined(FANIN_NN_LOSS_KERNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FANIN_NN_LOSS_KERNELS_INL_H_
#undef FANIN_NN_LOSS_KERNELS_INL_H_
#else
#define FANIN_NN_LOSS_KERNELS_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace fanin::nn::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace vm = fanin::linalg::HWY_NAMESPACE;
using fanin::HWY_NAMESPACE::fma;
using vm::detail::keep_nan;

// As many partial sums as the widest target has lanes; narrower ones keep several vectors of them.
constexpr std::size_t kLanes = 16;
using Row = hn::CappedTag<float, kLanes>;

struct Lanes16 {
  HWY_ALIGN float lane[kLanes];

  HWY_INLINE float sum() {
    for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
      for (std::size_t k = 0; k < half; ++k) lane[k] += lane[k + half];
    }
    return lane[0];
  }
};

/// Calls body(pointer to 16 readable elements, first, how many of them belong to the row); beyond the row they hold
/// `padding`.
template <class Body>
HWY_INLINE void for_blocks(const float* row, std::size_t cols, float padding, Body body) {
  std::size_t i = 0;
  for (; i + kLanes <= cols; i += kLanes) body(row + i, i, kLanes);
  if (i == cols) return;
  Lanes16 rest;
  for (std::size_t k = 0; k < kLanes; ++k) rest.lane[k] = i + k < cols ? row[i + k] : padding;
  body(rest.lane, i, cols - i);
}

HWY_INLINE void store_block(const Lanes16& block, float* out, std::size_t count) {
  for (std::size_t k = 0; k < count; ++k) out[k] = block.lane[k];
}

// Which of two equal zeros and what a NaN gives may differ between targets; neither reaches a result.
HWY_INLINE float row_max(const float* z, std::size_t cols) {
  const Row d;
  float max = z[0];
  std::size_t i = 0;
  if (cols >= kLanes) {
    auto largest = hn::LoadU(d, z);
    for (; i + hn::Lanes(d) <= cols; i += hn::Lanes(d)) largest = hn::Max(largest, hn::LoadU(d, z + i));
    max = hn::GetLane(hn::MaxOfLanes(d, largest));
  }
  for (; i < cols; ++i) max = z[i] > max ? z[i] : max;
  return max;
}

/// The sum of e^(z - max) over a row; the terms go to `terms` unless it is null.
HWY_INLINE float exp_row(const float* z, std::size_t cols, float max, float* terms) {
  const Row d;
  Lanes16 sums{};
  for_blocks(z, cols, -HUGE_VALF, [&](const float* block, std::size_t first, std::size_t count) HWY_ATTR {
    Lanes16 e;
    for (std::size_t k = 0; k < kLanes; k += hn::Lanes(d)) {
      const auto term = vm::exp(hn::Sub(hn::LoadU(d, block + k), hn::Set(d, max)));
      hn::Store(term, d, e.lane + k);
      hn::Store(hn::Add(hn::Load(d, sums.lane + k), term), d, sums.lane + k);
    }
    if (terms != nullptr) store_block(e, terms + first, count);
  });
  return sums.sum();
}

/// terms / sum * scale, in place.
HWY_INLINE void normalize_row(float* terms, std::size_t cols, float sum, float scale) {
  const Row d;
  for_blocks(terms, cols, 0.0f, [&](const float* block, std::size_t first, std::size_t count) HWY_ATTR {
    Lanes16 p;
    for (std::size_t k = 0; k < kLanes; k += hn::Lanes(d)) {
      const auto scaled = hn::Mul(hn::Div(hn::LoadU(d, block + k), hn::Set(d, sum)), hn::Set(d, scale));
      hn::Store(keep_nan(scaled, scaled), d, p.lane + k);
    }
    store_block(p, terms + first, count);
  });
}

HWY_INLINE float one_nan(float x) {
  const hn::CappedTag<float, 1> d;
  return hn::GetLane(keep_nan(hn::Set(d, x), hn::Set(d, x)));
}

void softmax_rows(MatrixView<const float> logits, MatrixView<float> probabilities) {
  for (std::size_t r = 0; r < logits.rows; ++r) {
    float* out = probabilities.row(r);
    const float sum = exp_row(logits.row(r), logits.cols, row_max(logits.row(r), logits.cols), out);
    normalize_row(out, logits.cols, sum, 1.0f);
  }
}

void cross_entropy_rows(MatrixView<const float> logits, const std::int32_t* labels, float scale,
                        MatrixView<float> dlogits, float* row_loss) {
  const hn::CappedTag<float, 1> d1;
  for (std::size_t r = 0; r < logits.rows; ++r) {
    const float* z = logits.row(r);
    const auto label = static_cast<std::size_t>(labels[r]);
    const float max = row_max(z, logits.cols);
    // Read before the gradient may overwrite it.
    const float below = max - z[label];
    float* out = dlogits.data == nullptr ? nullptr : dlogits.row(r);
    const float sum = exp_row(z, logits.cols, max, out);
    row_loss[r] = one_nan(hn::GetLane(vm::log(hn::Set(d1, sum))) + below);
    if (out == nullptr) continue;
    const float hit = out[label] / sum;
    normalize_row(out, logits.cols, sum, scale);
    out[label] = one_nan((hit - 1.0f) * scale);
  }
}

/// `targets` may be without data: then they are one-hot at `labels`.
void squared_error_rows(MatrixView<const float> outputs, MatrixView<const float> targets, const std::int32_t* labels,
                        float scale, MatrixView<float> doutputs, float* row_loss) {
  const Row d;
  const auto cols = static_cast<double>(outputs.cols);
  const float factor = static_cast<float>(2.0 * static_cast<double>(scale) / cols);
  for (std::size_t r = 0; r < outputs.rows; ++r) {
    const float* y = outputs.row(r);
    Lanes16 sums{};
    for_blocks(y, outputs.cols, 0.0f, [&](const float* block, std::size_t first, std::size_t count) HWY_ATTR {
      Lanes16 t{};
      if (targets.data != nullptr) {
        for (std::size_t k = 0; k < count; ++k) t.lane[k] = targets(r, first + k);
      } else if (const auto label = static_cast<std::size_t>(labels[r]); label - first < count) {
        t.lane[label - first] = 1.0f;
      }
      Lanes16 gradient;
      for (std::size_t k = 0; k < kLanes; k += hn::Lanes(d)) {
        const auto difference = hn::Sub(hn::LoadU(d, block + k), hn::Load(d, t.lane + k));
        hn::Store(fma(difference, difference, hn::Load(d, sums.lane + k)), d, sums.lane + k);
        const auto scaled = hn::Mul(difference, hn::Set(d, factor));
        hn::Store(keep_nan(scaled, scaled), d, gradient.lane + k);
      }
      if (doutputs.data != nullptr) store_block(gradient, doutputs.row(r) + first, count);
    });
    row_loss[r] = one_nan(sums.sum() / static_cast<float>(outputs.cols));
  }
}

}  // namespace fanin::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
