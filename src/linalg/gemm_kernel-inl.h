// The register tile of every matrix product: MR rows by NV vectors of C stay in registers while k runs.
// Included once per SIMD target, see simd-inl.h.
#include "core/simd-inl.h"

#if defined(FANIN_LINALG_GEMM_KERNEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FANIN_LINALG_GEMM_KERNEL_INL_H_
#undef FANIN_LINALG_GEMM_KERNEL_INL_H_
#else
#define FANIN_LINALG_GEMM_KERNEL_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace fanin::HWY_NAMESPACE {

/// One block of a product: C [m, n] = A B + start, where row i of the start is `bias`, C itself or zero.
struct GemmBlock {
  const float* a;
  size_t a_row;  // step from A(i, k) to A(i + 1, k)
  size_t a_k;    // step from A(i, k) to A(i, k + 1)
  const float* b;
  size_t b_row;
  float* c;
  size_t c_row;
  size_t k;
  const float* bias;
  bool accumulate;
};

// The largest tiles that leave registers for the operands: 32 registers with AVX-512 and NEON, 16 with AVX2.
#if HWY_TARGET == HWY_AVX2
constexpr size_t kMaxTileRows = 6;
constexpr size_t kMaxTileVectors = 2;
#elif HWY_TARGET == HWY_SCALAR
constexpr size_t kMaxTileRows = 4;
constexpr size_t kMaxTileVectors = 4;
#else
constexpr size_t kMaxTileRows = 6;
constexpr size_t kMaxTileVectors = 4;
#endif

// The first n lanes of memory and zeros, and back: no byte beyond them is read or written, also where the target's own
// masked operations work on whole vectors.
template <class D>
HWY_INLINE hn::VFromD<D> load_first(D d, const float* p, size_t n) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  return hn::MaskedLoad(hn::FirstN(d, n), d, p);
#else
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)] = {};
  for (size_t i = 0; i < n; ++i) lanes[i] = p[i];
  return hn::Load(d, lanes);
#endif
}

template <class D>
HWY_INLINE void store_first(D d, hn::VFromD<D> v, float* p, size_t n) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  hn::BlendedStore(v, hn::FirstN(d, n), d, p);
#else
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)] = {};
  hn::Store(v, d, lanes);
  for (size_t i = 0; i < n; ++i) p[i] = lanes[i];
#endif
}

template <size_t MR, size_t NV, bool kPartial>
HWY_INLINE void gemm_tile(const GemmBlock& g, const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, float* c,
                          const float* bias, size_t last_lanes) {
  const hn::ScalableTag<float> d;
  using V = hn::VFromD<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  const auto load = [&](const float* p, size_t v) HWY_ATTR {
    return kPartial && v + 1 == NV ? load_first(d, p + v * lanes, last_lanes) : hn::LoadU(d, p + v * lanes);
  };

  V acc[MR][NV];
  for (size_t i = 0; i < MR; ++i) {
    for (size_t v = 0; v < NV; ++v) {
      acc[i][v] = bias != nullptr ? load(bias, v) : g.accumulate ? load(c + i * g.c_row, v) : hn::Zero(d);
    }
  }
  const size_t a_row = g.a_row;
  const size_t a_k = g.a_k;
  const size_t b_row = g.b_row;
  for (size_t k = g.k; k != 0; --k) {
    V bv[NV];
    for (size_t v = 0; v < NV; ++v) bv[v] = load(b, v);
    for (size_t i = 0; i < MR; ++i) {
      const V av = hn::Set(d, a[i * a_row]);
      for (size_t v = 0; v < NV; ++v) acc[i][v] = fma(av, bv[v], acc[i][v]);
    }
    a += a_k;
    b += b_row;
  }
  for (size_t i = 0; i < MR; ++i) {
    for (size_t v = 0; v < NV; ++v) {
      float* p = c + i * g.c_row + v * lanes;
      if (kPartial && v + 1 == NV) {
        store_first(d, acc[i][v], p, last_lanes);
      } else {
        hn::StoreU(acc[i][v], d, p);
      }
    }
  }
}

template <size_t MR, size_t NV>
HWY_INLINE void gemm_rows(const GemmBlock& g, size_t m, size_t j, size_t last_lanes, bool partial) {
  const float* bias = g.bias == nullptr ? nullptr : g.bias + j;
  size_t i = 0;
  const auto tile = [&](auto rows) HWY_ATTR {
    const float* a = g.a + i * g.a_row;
    float* c = g.c + i * g.c_row + j;
    if (partial) {
      gemm_tile<rows.value, NV, true>(g, a, g.b + j, c, bias, last_lanes);
    } else {
      gemm_tile<rows.value, NV, false>(g, a, g.b + j, c, bias, last_lanes);
    }
    i += rows.value;
  };
  while (m - i >= MR) tile(std::integral_constant<size_t, MR>());
  switch (m - i) {
    case 5:
      if constexpr (MR > 5) return tile(std::integral_constant<size_t, 5>());
      break;
    case 4:
      if constexpr (MR > 4) return tile(std::integral_constant<size_t, 4>());
      break;
    case 3:
      return tile(std::integral_constant<size_t, 3>());
    case 2:
      return tile(std::integral_constant<size_t, 2>());
    case 1:
      return tile(std::integral_constant<size_t, 1>());
    default:
      break;
  }
}

/// The block g of m rows and n columns; k is as short as the caller made it, so that its part of B fits in a cache.
HWY_INLINE void gemm_block(const GemmBlock& g, size_t m, size_t n) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  size_t j = 0;
  for (; n - j >= kMaxTileVectors * lanes; j += kMaxTileVectors * lanes) {
    gemm_rows<kMaxTileRows, kMaxTileVectors>(g, m, j, lanes, false);
  }
  if (j == n) return;
  const size_t vectors = (n - j + lanes - 1) / lanes;
  const size_t last_lanes = n - j - (vectors - 1) * lanes;
  const bool partial = last_lanes != lanes;
  switch (vectors) {
    case 4:
      if constexpr (kMaxTileVectors >= 4) return gemm_rows<kMaxTileRows, 4>(g, m, j, last_lanes, partial);
      break;
    case 3:
      if constexpr (kMaxTileVectors >= 3) return gemm_rows<kMaxTileRows, 3>(g, m, j, last_lanes, partial);
      break;
    case 2:
      return gemm_rows<kMaxTileRows, 2>(g, m, j, last_lanes, partial);
    default:
      return gemm_rows<kMaxTileRows, 1>(g, m, j, last_lanes, partial);
  }
}

}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
