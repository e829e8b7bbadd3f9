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

/// Contiguous memory that is needed after a block of a product and asked for meanwhile: `step` floats further with each
/// turn of the inner loop, evenly, because many lines at once would take the places in which the product's own loads
/// wait for the second-level cache.
struct Ahead {
  const float* data = nullptr;
  size_t step = 0;
};

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
  Ahead ahead;
};

// The vectors of a tile's row, and its rows for a given number of vectors: as many accumulators as leave registers for
// the operands (32 registers with AVX-512 and NEON, 16 with AVX2) and hide the latency of the multiply-adds.
#if HWY_TARGET == HWY_AVX2
constexpr size_t kMaxTileVectors = 2;
constexpr size_t tile_rows(size_t vectors) {
  return vectors == 2 ? 6 : 10;
}
#elif HWY_TARGET == HWY_SCALAR
constexpr size_t kMaxTileVectors = 4;
constexpr size_t tile_rows(size_t) {
  return 4;
}
#else
constexpr size_t kMaxTileVectors = 4;
constexpr size_t tile_rows(size_t vectors) {
  return vectors == 4 ? 6 : vectors == 3 ? 8 : 12;
}
#endif

/// The first n lanes of a vector in memory and zeros, and back: no byte beyond them is read or written, also where the
/// target's own masked operations work on whole vectors.
class FirstLanes {
 public:
  using D = hn::ScalableTag<float>;
  using V = hn::VFromD<D>;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  HWY_INLINE explicit FirstLanes(size_t n) : mask_(hn::FirstN(D(), n)) {}
  HWY_INLINE V load(const float* p) const {
    return hn::MaskedLoad(mask_, D(), p);
  }
  HWY_INLINE void store(V v, float* p) const {
    hn::BlendedStore(v, mask_, D(), p);
  }

 private:
  hn::Mask<D> mask_;
#else
  HWY_INLINE explicit FirstLanes(size_t n) : n_(n) {}
  HWY_INLINE V load(const float* p) const {
    HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)] = {};
    for (size_t i = 0; i < n_; ++i) lanes[i] = p[i];
    return hn::Load(D(), lanes);
  }
  HWY_INLINE void store(V v, float* p) const {
    HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)] = {};
    hn::Store(v, D(), lanes);
    for (size_t i = 0; i < n_; ++i) p[i] = lanes[i];
  }

 private:
  size_t n_;
#endif
};

constexpr size_t kLine = 16;  // floats in a cache line

template <size_t MR, size_t NV, bool kPartial>
HWY_INLINE void gemm_tile(const GemmBlock& g, const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, float* c,
                          const float* ahead, size_t last_lanes) {
  const hn::ScalableTag<float> d;
  using V = hn::VFromD<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  const FirstLanes first(last_lanes);
  const auto load = [&](const float* p, size_t v) HWY_ATTR {
    return kPartial && v + 1 == NV ? first.load(p + v * lanes) : hn::LoadU(d, p + v * lanes);
  };

  V acc[MR][NV];
  FANIN_UNROLL
  for (size_t i = 0; i < MR; ++i) {
    FANIN_UNROLL
    for (size_t v = 0; v < NV; ++v) {
      acc[i][v] = g.bias != nullptr ? load(g.bias, v) : g.accumulate ? load(c + i * g.c_row, v) : hn::Zero(d);
    }
  }
  const size_t a_row = g.a_row;
  const size_t a_k = g.a_k;
  const size_t b_row = g.b_row;
  const size_t ahead_step = g.ahead.step;
  for (size_t k = g.k; k != 0; --k) {
    V bv[NV];
    FANIN_UNROLL
    for (size_t v = 0; v < NV; ++v) bv[v] = load(b, v);
    __builtin_prefetch(ahead);
    ahead += ahead_step;
    FANIN_UNROLL
    for (size_t i = 0; i < MR; ++i) {
      const V av = hn::Set(d, a[i * a_row]);
      FANIN_UNROLL
      for (size_t v = 0; v < NV; ++v) acc[i][v] = fma(av, bv[v], acc[i][v]);
    }
    a += a_k;
    b += b_row;
  }
  FANIN_UNROLL
  for (size_t i = 0; i < MR; ++i) {
    FANIN_UNROLL
    for (size_t v = 0; v < NV; ++v) {
      float* p = c + i * g.c_row + v * lanes;
      const V sum = hn::Add(acc[i][v], hn::Zero(d));  // -0 becomes +0
      if (kPartial && v + 1 == NV) {
        first.store(sum, p);
      } else {
        hn::StoreU(sum, d, p);
      }
    }
  }
}

/// All rows of NV vectors of columns: full tiles, then what is left in tiles half as high each time.
template <size_t NV>
HWY_INLINE const float* gemm_rows(const GemmBlock& g, size_t m, size_t last_lanes, bool partial) {
  size_t i = 0;
  const float* ahead = g.ahead.data;
  const auto tile = [&](auto rows) HWY_ATTR {
    const float* a = g.a + i * g.a_row;
    float* c = g.c + i * g.c_row;
    if (partial) {
      gemm_tile<rows.value, NV, true>(g, a, g.b, c, ahead, last_lanes);
    } else {
      gemm_tile<rows.value, NV, false>(g, a, g.b, c, ahead, last_lanes);
    }
    i += rows.value;
    ahead += g.k * g.ahead.step;
  };
  constexpr size_t kRows = tile_rows(NV);
  while (m - i >= kRows) tile(std::integral_constant<size_t, kRows>());
  if constexpr (kRows > 8) {
    if (m - i >= 8) tile(std::integral_constant<size_t, 8>());
  }
  if constexpr (kRows > 4) {
    if (m - i >= 4) tile(std::integral_constant<size_t, 4>());
  }
  if (m - i >= 2) tile(std::integral_constant<size_t, 2>());
  if (m - i >= 1) tile(std::integral_constant<size_t, 1>());
  return ahead;
}

/// The block g of m rows and n columns, at most kMaxTileVectors vectors of them; k is as short as the caller made it,
/// so that its part of B fits in a cache. Gives where `ahead` has come to.
HWY_INLINE const float* gemm_block(const GemmBlock& g, size_t m, size_t n) {
  const size_t lanes = hn::Lanes(hn::ScalableTag<float>());
  const size_t vectors = (n + lanes - 1) / lanes;
  const size_t last_lanes = n - (vectors - 1) * lanes;
  const bool partial = last_lanes != lanes;
  switch (vectors) {
    case 4:
      if constexpr (kMaxTileVectors >= 4) return gemm_rows<4>(g, m, last_lanes, partial);
      break;
    case 3:
      if constexpr (kMaxTileVectors >= 3) return gemm_rows<3>(g, m, last_lanes, partial);
      break;
    case 2:
      return gemm_rows<2>(g, m, last_lanes, partial);
    default:
      break;
  }
  return gemm_rows<1>(g, m, last_lanes, partial);
}

}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
