// Products that leave out the zeros of one operand, included once per SIMD target. Per 64 inner indices a word of bits
// says which elements are not zero; they are visited in ascending order, so the chains of sums are those of the dense
// kernels.
#include <bit>

#include "fanin/core/matrix_view.h"

#include "linalg/gemm_kernel-inl.h"
#include "linalg/nonzero-inl.h"

#if defined(FANIN_LINALG_SPARSE_KERNEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FANIN_LINALG_SPARSE_KERNEL_INL_H_
#undef FANIN_LINALG_SPARSE_KERNEL_INL_H_
#else
#define FANIN_LINALG_SPARSE_KERNEL_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace fanin::HWY_NAMESPACE {

// Accumulators of one row: enough to hide the latency of a chain of multiply-adds.
constexpr size_t kSparseVectors = 8;

// Below these percentages of non-zero factors leaving the others out is faster: measured at random places, where both
// ways take the same time at 70 % along rows and at 60 % along columns (docs/benchmarks.md).
constexpr size_t kRowPercent = 65;
constexpr size_t kColumnPercent = 55;

HWY_INLINE bool skipping_pays(size_t nonzero, size_t all, size_t percent) {
  return nonzero * 100 < all * percent;
}

/// words[i] = the non-zero bits of x(i, k) .. x(i, k + depth - 1); gives their number.
HWY_INLINE size_t nonzero_words(const MatrixView<const float>& x, size_t k, size_t depth, uint64_t* words) {
  size_t count = 0;
  for (size_t i = 0; i < x.rows; ++i) {
    words[i] = nonzero_word(x.row(i) + k, depth);
    count += static_cast<size_t>(std::popcount(words[i]));
  }
  return count;
}

/// A look at a few rows: whether it is worth looking at all of them.
HWY_INLINE bool skipping_may_pay(const MatrixView<const float>& x, size_t percent) {
  constexpr size_t kLooks = 4;
  const size_t step = (x.rows + kLooks - 1) / kLooks;
  size_t count = 0;
  size_t looked = 0;
  for (size_t i = 0; i < x.rows; i += step) {
    for (size_t k = 0; k < x.cols; k += kWordBits) {
      const uint64_t word = nonzero_word(x.row(i) + k, HWY_MIN(kWordBits, x.cols - k));
      count += static_cast<size_t>(std::popcount(word));
    }
    looked += x.cols;
  }
  return skipping_pays(count, looked, percent);
}

/// c[0 .. n) = start + the sum of f(i) * row(i)[0 .. n) over the bits i of `word`, for n of NV vectors, the last one of
/// `last_lanes`; row(i, j) points at element j of row i, and a null start is zero.
template <size_t NV, bool kPartial, class Factor, class Row>
HWY_INLINE void sparse_sum(uint64_t word, Factor factor, Row row, const float* start, float* c, size_t last_lanes) {
  const hn::ScalableTag<float> d;
  using V = hn::VFromD<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  const FirstLanes first(last_lanes);
  const auto load = [&](const float* p, size_t v)
                        HWY_ATTR { return kPartial && v + 1 == NV ? first.load(p) : hn::LoadU(d, p); };
  V acc[NV];
  FANIN_UNROLL
  for (size_t v = 0; v < NV; ++v) acc[v] = start == nullptr ? hn::Zero(d) : load(start + v * lanes, v);
  for (; word != 0; word &= word - 1) {
    const auto i = static_cast<size_t>(std::countr_zero(word));
    const V f = hn::Set(d, factor(i));
    FANIN_UNROLL
    for (size_t v = 0; v < NV; ++v) acc[v] = fma(f, load(row(i, v * lanes), v), acc[v]);
  }
  FANIN_UNROLL
  for (size_t v = 0; v < NV; ++v) {
    const V sum = hn::Add(acc[v], hn::Zero(d));  // -0 becomes +0
    if (kPartial && v + 1 == NV) {
      first.store(sum, c + v * lanes);
    } else {
      hn::StoreU(sum, d, c + v * lanes);
    }
  }
}

/// Calls body(number of vectors, whether the last one is partial, lanes of the last one) with constants for the first
/// two, for n columns of at most kSparseVectors vectors.
template <class Body>
HWY_INLINE void for_width(size_t n, Body body) {
  const size_t lanes = hn::Lanes(hn::ScalableTag<float>());
  const size_t vectors = (n + lanes - 1) / lanes;
  const size_t last = n - (vectors - 1) * lanes;
  const auto with = [&](auto count) HWY_ATTR {
    if (last == lanes) {
      body(count, std::false_type(), last);
    } else {
      body(count, std::true_type(), last);
    }
  };
  switch (vectors) {
    case 1:
      return with(std::integral_constant<size_t, 1>());
    case 2:
      return with(std::integral_constant<size_t, 2>());
    case 3:
      return with(std::integral_constant<size_t, 3>());
    case 4:
      return with(std::integral_constant<size_t, 4>());
    case 5:
      return with(std::integral_constant<size_t, 5>());
    case 6:
      return with(std::integral_constant<size_t, 6>());
    case 7:
      return with(std::integral_constant<size_t, 7>());
    default:
      return with(std::integral_constant<size_t, 8>());
  }
}

}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
