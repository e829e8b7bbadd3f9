// The rows of the losses, included once per target by loss.cpp.
#include <algorithm>
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

  /// The upper half is added to the lower one until one is left.
  HWY_INLINE float sum() {
    constexpr std::size_t kWhole = hn::MaxLanes(Row());
    for (std::size_t half = kLanes / 2; half >= kWhole; half /= 2) {
      for (std::size_t k = 0; k < half; ++k) lane[k] += lane[k + half];
    }
#if HWY_TARGET == HWY_SCALAR
    return lane[0];
#else
    return sum_of(hn::CappedTag<float, kWhole>(), hn::Load(hn::CappedTag<float, kWhole>(), lane));
#endif
  }

 private:
#if HWY_TARGET != HWY_SCALAR
  template <class D>
  static HWY_INLINE float sum_of(D /*d*/, hn::VFromD<D> v) {
    if constexpr (hn::MaxLanes(D()) == 1) {
      return hn::GetLane(v);
    } else {
      const hn::Half<D> half;
      return sum_of(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
    }
  }
#endif
};

/// Elements [0, n) of p, then `padding`; no byte beyond them is read.
HWY_INLINE void load_padded(const float* p, std::size_t n, float padding, Lanes16& block) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  const Row d;
  for (std::size_t k = 0; k < kLanes; k += hn::Lanes(d)) {
    const auto mask = hn::FirstN(d, n > k ? n - k : 0);
    hn::Store(hn::IfThenElse(mask, hn::MaskedLoad(mask, d, p + k), hn::Set(d, padding)), d, block.lane + k);
  }
#else
  for (std::size_t k = 0; k < kLanes; ++k) block.lane[k] = k < n ? p[k] : padding;
#endif
}

HWY_INLINE void store_block(const Lanes16& block, float* out, std::size_t count) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  const Row d;
  for (std::size_t k = 0; k < kLanes; k += hn::Lanes(d)) {
    hn::BlendedStore(hn::Load(d, block.lane + k), hn::FirstN(d, count > k ? count - k : 0), d, out + k);
  }
#else
  for (std::size_t k = 0; k < count; ++k) out[k] = block.lane[k];
#endif
}

/// Calls body(pointer to 16 readable elements, first, how many of them belong to the row); beyond the row they hold
/// `padding`.
template <class Body>
HWY_INLINE void for_blocks(const float* row, std::size_t cols, float padding, Body body) {
  std::size_t i = 0;
  for (; i + kLanes <= cols; i += kLanes) body(row + i, i, kLanes);
  if (i == cols) return;
  Lanes16 rest;
  load_padded(row + i, cols - i, padding, rest);
  body(rest.lane, i, cols - i);
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

/// logs[i] = log(x[i]) for whole vectors; n is rounded up to them.
HWY_INLINE void log_all(const float* x, float* logs, std::size_t n) {
  const Row d;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) hn::Store(vm::log(hn::Load(d, x + i)), d, logs + i);
}

void cross_entropy_rows(MatrixView<const float> logits, const std::int32_t* labels, float scale,
                        MatrixView<float> dlogits, float* row_loss) {
  // The logarithms of so many rows at once.
  constexpr std::size_t kRows = 4 * kLanes;
  HWY_ALIGN float sums[kRows];
  HWY_ALIGN float logs[kRows];
  float below[kRows];
  for (std::size_t first = 0; first < logits.rows; first += kRows) {
    const std::size_t rows = HWY_MIN(kRows, logits.rows - first);
    std::fill(sums + rows, sums + kRows, 1.0F);
    for (std::size_t i = 0; i < rows; ++i) {
      const float* z = logits.row(first + i);
      const float max = row_max(z, logits.cols);
      // Read before the gradient may overwrite it.
      below[i] = max - z[labels[first + i]];
      sums[i] = exp_row(z, logits.cols, max, dlogits.data == nullptr ? nullptr : dlogits.row(first + i));
    }
    log_all(sums, logs, rows);
    for (std::size_t i = 0; i < rows; ++i) row_loss[first + i] = one_nan(logs[i] + below[i]);
    if (dlogits.data == nullptr) continue;
    for (std::size_t i = 0; i < rows; ++i) {
      float* out = dlogits.row(first + i);
      float& at_label = out[labels[first + i]];
      const float hit = at_label / sums[i];
      normalize_row(out, logits.cols, sums[i], scale);
      at_label = one_nan((hit - 1.0f) * scale);
    }
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

// A logit that adds nothing to a sum, with target 0: its sigmoid and its loss are 0.
constexpr float kNoUnit = -1e30f;

void sigmoid_cross_entropy_rows(MatrixView<const float> logits, MatrixView<const float> targets, float scale,
                                MatrixView<float> dlogits, float* row_loss) {
  const Row d;
  const auto factor = hn::Set(d, scale);
  for (std::size_t r = 0; r < logits.rows; ++r) {
    Lanes16 sums{};
    for_blocks(logits.row(r), logits.cols, kNoUnit,
               [&](const float* block, std::size_t first, std::size_t count) HWY_ATTR {
                 Lanes16 t, gradient;
                 load_padded(targets.row(r) + first, count, 0.0f, t);
                 for (std::size_t k = 0; k < kLanes; k += hn::Lanes(d)) {
                   const auto z = hn::LoadU(d, block + k);
                   const auto target = hn::Load(d, t.lane + k);
                   const auto linear = fma(hn::Neg(z), target, hn::Max(z, hn::Zero(d)));
                   const auto rest = vm::log1p(vm::exp(hn::Neg(hn::Abs(z))));
                   hn::Store(hn::Add(hn::Load(d, sums.lane + k), hn::Add(linear, rest)), d, sums.lane + k);
                   const auto scaled = hn::Mul(hn::Sub(vm::sigmoid(z), target), factor);
                   hn::Store(keep_nan(scaled, scaled), d, gradient.lane + k);
                 }
                 if (dlogits.data != nullptr) store_block(gradient, dlogits.row(r) + first, count);
               });
    row_loss[r] = one_nan(sums.sum());
  }
}

void sigmoid_squared_error_rows(MatrixView<const float> logits, MatrixView<const float> targets, float* row_error) {
  const Row d;
  for (std::size_t r = 0; r < logits.rows; ++r) {
    Lanes16 sums{};
    for_blocks(logits.row(r), logits.cols, kNoUnit,
               [&](const float* block, std::size_t first, std::size_t count) HWY_ATTR {
                 Lanes16 t;
                 load_padded(targets.row(r) + first, count, 0.0f, t);
                 for (std::size_t k = 0; k < kLanes; k += hn::Lanes(d)) {
                   const auto difference = hn::Sub(hn::Load(d, t.lane + k), vm::sigmoid(hn::LoadU(d, block + k)));
                   hn::Store(fma(difference, difference, hn::Load(d, sums.lane + k)), d, sums.lane + k);
                 }
               });
    row_error[r] = one_nan(sums.sum());
  }
}

}  // namespace fanin::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
