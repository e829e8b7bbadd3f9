// The bfloat16 kernels for any machine, with the bits of bf16_avx512.cpp.
#include <algorithm>

#include "linalg/bf16_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/bf16_portable.cpp"
#include <hwy/foreach_target.h>

#include "core/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::HWY_NAMESPACE {
namespace {

using DF = hn::ScalableTag<float>;
using DU = hn::RebindToUnsigned<DF>;
using VF = hn::VFromD<DF>;
using VU = hn::VFromD<DU>;

// Zero of the same sign for what is too small for a normal number. (Of results within a rounding of the smallest normal
// number the instruction may see one as too small that this does not: none of a network's sums comes near 1e-38.)
HWY_INLINE VF flushed(VF x) {
  const DF d;
  const VF zero = hn::CopySign(hn::Zero(d), x);
  return hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, 0x1p-126F)), zero, x);
}

HWY_INLINE VF low(VU pair) {
  return hn::BitCast(DF(), hn::ShiftLeft<16>(pair));
}

HWY_INLINE VF high(VU pair) {
  return hn::BitCast(DF(), hn::And(pair, hn::Set(DU(), 0xFFFF0000U)));
}

/// One row of C, some lanes of it: `count` of them are stored.
HWY_INLINE VF dot(const uint32_t* a, size_t a_pair, size_t pairs, const uint32_t* b, size_t b_row, VF start) {
  VF acc = flushed(start);
  for (size_t q = 0; q < pairs; ++q) {
    const VU av = hn::Set(DU(), a[q * a_pair]);
    const VU bv = hn::LoadU(DU(), b + q * b_row);
    acc = flushed(fma(high(av), high(bv), acc));
    acc = flushed(fma(low(av), low(bv), acc));
  }
  return hn::Add(acc, hn::Zero(DF()));
}

void panel(const uint32_t* a, size_t a_row, size_t a_pair, size_t pairs, const uint32_t* b, size_t b_row,
           const float* bias, bool accumulate, const MatrixView<float>& c) {
  const DF d;
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < c.rows; ++i) {
    const uint32_t* ai = a + i * a_row;
    float* ci = c.row(i);
    size_t j = 0;
    for (; j + lanes <= c.cols; j += lanes) {
      const VF start = bias != nullptr ? hn::LoadU(d, bias + j) : accumulate ? hn::LoadU(d, ci + j) : hn::Zero(d);
      hn::StoreU(dot(ai, a_pair, pairs, b + j, b_row, start), d, ci + j);
    }
    for (; j < c.cols; ++j) {
      // One element at a time in the first lane: b may end here.
      VF acc = flushed(hn::Set(d, bias != nullptr ? bias[j] : accumulate ? ci[j] : 0.0F));
      for (size_t q = 0; q < pairs; ++q) {
        const VU av = hn::Set(DU(), ai[q * a_pair]);
        const VU bv = hn::Set(DU(), b[q * b_row + j]);
        acc = flushed(fma(high(av), high(bv), acc));
        acc = flushed(fma(low(av), low(bv), acc));
      }
      ci[j] = hn::GetLane(hn::Add(acc, hn::Zero(d)));
    }
  }
}

// Asked for every product, so by the table of targets and not by the processor, which answers slowly.
bool is_avx512() {
  return HWY_TARGET == HWY_AVX3;
}

}  // namespace
}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "fanin/linalg/bf16.h"

namespace fanin::linalg::detail {
namespace {

HWY_EXPORT(panel);
HWY_EXPORT(is_avx512);

void any_panel(const std::uint32_t* a, std::size_t a_row, std::size_t a_pair, std::size_t pairs, const std::uint32_t* b,
               std::size_t b_row, const float* bias, bool accumulate, const MatrixView<float>& c) {
  HWY_DYNAMIC_DISPATCH(panel)(a, a_row, a_pair, pairs, b, b_row, bias, accumulate, c);
}

std::uint32_t pair(float even, float odd) {
  return std::uint32_t{to_bf16(even)} | std::uint32_t{to_bf16(odd)} << 16;
}

void pair_columns(const MatrixView<const float>& x, std::uint32_t* out, std::size_t out_row) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    for (std::size_t j = 0; j < x.cols; j += 2) {
      out[i * out_row + j / 2] = pair(x(i, j), j + 1 < x.cols ? x(i, j + 1) : 0.0F);
    }
  }
}

void pair_rows(const MatrixView<const float>& x, std::uint32_t* out, std::size_t out_row) {
  for (std::size_t i = 0; i < x.rows; i += 2) {
    for (std::size_t j = 0; j < x.cols; ++j) {
      out[i / 2 * out_row + j] = pair(x(i, j), i + 1 < x.rows ? x(i + 1, j) : 0.0F);
    }
  }
}

}  // namespace

const Bf16Kernels& portable_bf16_kernels() {
  static constexpr Bf16Kernels kKernels{any_panel, pair_columns, pair_rows};
  return kKernels;
}

bool target_is_avx512() {
  return HWY_DYNAMIC_DISPATCH(is_avx512)();
}

}  // namespace fanin::linalg::detail
#endif
