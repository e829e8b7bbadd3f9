#include "linalg/qr_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/qr_kernels.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::linalg::qr::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using fanin::HWY_NAMESPACE::fma;
using fanin::HWY_NAMESPACE::fnma;

using D = hn::CappedTag<double, 8>;
using V = hn::VFromD<D>;
constexpr std::size_t kLanes = HWY_MAX_BYTES / sizeof(double) < 8 ? HWY_MAX_BYTES / sizeof(double) : 8;
// Vectors side by side in a register tile of 4 rows: 16 sums where there are 32 registers, 8 where there are 16.
constexpr std::size_t kWide = kLanes == 8 ? 4 : 2;
constexpr std::size_t kTile = kWide * kLanes;

/// Rows k .. k + 3 and columns j .. j + kTile - 1 of W += V^T C, row after row.
HWY_INLINE void transposed_tile(const double* v, const double* c, std::size_t rows, double* w) {
  const D d;
  V sum[4][kWide];
  for (std::size_t k = 0; k < 4; ++k) {
    for (std::size_t j = 0; j < kWide; ++j) sum[k][j] = hn::LoadU(d, w + k * kStrip + j * kLanes);
  }
  for (std::size_t i = 0; i < rows; ++i, v += kStrip, c += kStrip) {
    V row[kWide];
    for (std::size_t j = 0; j < kWide; ++j) row[j] = hn::LoadU(d, c + j * kLanes);
    for (std::size_t k = 0; k < 4; ++k) {
      const V factor = hn::Set(d, v[k]);
      for (std::size_t j = 0; j < kWide; ++j) sum[k][j] = fma(factor, row[j], sum[k][j]);
    }
  }
  for (std::size_t k = 0; k < 4; ++k) {
    for (std::size_t j = 0; j < kWide; ++j) hn::StoreU(sum[k][j], d, w + k * kStrip + j * kLanes);
  }
}

/// W = V^T C. Rows go in chunks that stay in the nearest cache; the sums pass through memory unchanged between chunks.
void transposed_product(const double* v, const double* c, std::size_t rows, double* w) {
  constexpr std::size_t kChunk = 128;
  std::fill_n(w, kStrip * kStrip, 0.0);
  for (std::size_t i = 0; i < rows; i += kChunk) {
    const std::size_t n = std::min(kChunk, rows - i);
    for (std::size_t j = 0; j < kStrip; j += kTile) {
      for (std::size_t k = 0; k < kStrip; k += 4) {
        transposed_tile(v + i * kStrip + k, c + i * kStrip + j, n, w + k * kStrip + j);
      }
    }
  }
}

/// C -= V W for kRows rows and kTile columns.
template <std::size_t kRows>
HWY_INLINE void subtract_tile(const double* v, const double* w, double* c) {
  const D d;
  V sum[kRows][kWide];
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t j = 0; j < kWide; ++j) sum[i][j] = hn::LoadU(d, c + i * kStrip + j * kLanes);
  }
  for (std::size_t k = 0; k < kStrip; ++k) {
    V row[kWide];
    for (std::size_t j = 0; j < kWide; ++j) row[j] = hn::LoadU(d, w + k * kStrip + j * kLanes);
    for (std::size_t i = 0; i < kRows; ++i) {
      const V factor = hn::Set(d, -v[i * kStrip + k]);
      for (std::size_t j = 0; j < kWide; ++j) sum[i][j] = fma(factor, row[j], sum[i][j]);
    }
  }
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t j = 0; j < kWide; ++j) hn::StoreU(sum[i][j], d, c + i * kStrip + j * kLanes);
  }
}

void subtract_product(const double* v, const double* w, double* c, std::size_t rows) {
  std::size_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    for (std::size_t j = 0; j < kStrip; j += kTile) subtract_tile<4>(v + i * kStrip, w + j, c + i * kStrip + j);
  }
  for (; i < rows; ++i) {
    for (std::size_t j = 0; j < kStrip; j += kTile) subtract_tile<1>(v + i * kStrip, w + j, c + i * kStrip + j);
  }
}

/// out = T W or T^T W, T upper triangular.
void triangular_product(const double* t, bool transposed, const double* w, double* out) {
  const D d;
  for (std::size_t k = 0; k < kStrip; ++k) {
    const std::size_t from = transposed ? 0 : k;
    const std::size_t to = transposed ? k + 1 : kStrip;
    for (std::size_t j = 0; j < kStrip; j += kLanes) {
      V sum = hn::Zero(d);
      for (std::size_t l = from; l < to; ++l) {
        const double factor = transposed ? t[l * kStrip + k] : t[k * kStrip + l];
        sum = fma(hn::Set(d, factor), hn::LoadU(d, w + l * kStrip + j), sum);
      }
      hn::StoreU(sum, d, out + k * kStrip + j);
    }
  }
}

void apply_block(const double* v, const double* t, std::size_t rows, bool transposed, double* c) {
  HWY_ALIGN double w[kStrip * kStrip];
  HWY_ALIGN double tw[kStrip * kStrip];
  transposed_product(v, c, rows, w);
  triangular_product(t, transposed, w, tw);
  subtract_product(v, tw, c, rows);
}

/// Columns after `column` of the panel -= tau v (v^T panel), with v in `column`, v's first element in the first row
/// and 1.
void reflect_rest(double* panel, std::size_t rows, std::size_t column, double tau) {
  const D d;
  constexpr std::size_t kVectors = kStrip / kLanes;
  V w[kVectors];
  for (std::size_t j = 0; j < kVectors; ++j) w[j] = hn::Zero(d);
  for (std::size_t i = 0; i < rows; ++i) {
    const double* row = panel + i * kStrip;
    const V factor = hn::Set(d, row[column]);
    for (std::size_t j = 0; j < kVectors; ++j) w[j] = fma(factor, hn::LoadU(d, row + j * kLanes), w[j]);
  }
  HWY_ALIGN double scaled[kStrip];
  for (std::size_t j = 0; j < kVectors; ++j) hn::StoreU(hn::Mul(w[j], hn::Set(d, tau)), d, scaled + j * kLanes);
  // Columns up to this one hold finished reflectors.
  std::fill_n(scaled, column + 1, 0.0);
  for (std::size_t j = 0; j < kVectors; ++j) w[j] = hn::LoadU(d, scaled + j * kLanes);
  for (std::size_t i = 0; i < rows; ++i) {
    double* row = panel + i * kStrip;
    const V factor = hn::Set(d, row[column]);
    for (std::size_t j = 0; j < kVectors; ++j) {
      hn::StoreU(fnma(factor, w[j], hn::LoadU(d, row + j * kLanes)), d, row + j * kLanes);
    }
  }
}

}  // namespace fanin::linalg::qr::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin::linalg::qr {

HWY_EXPORT(apply_block);
HWY_EXPORT(reflect_rest);
HWY_EXPORT(transposed_product);

namespace {

/// The reflector I - tau v v^T that clears the column below its first element (LAPACK's dlarfg), written over it with
/// v's first element as 1. Returns tau; `diagonal` becomes what is left of the first element.
double reflector_of_column(double* column, std::size_t rows, double& diagonal) {
  const double alpha = column[0];
  // Four sums in turn: a fixed order that does not wait for each addition.
  double sums[4] = {0, 0, 0, 0};
  for (std::size_t i = 1; i < rows; ++i) sums[i % 4] += column[i * kStrip] * column[i * kStrip];
  const double below = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  column[0] = 1;
  if (below == 0) {
    diagonal = alpha;
    return 0;
  }
  const double beta = -std::copysign(std::sqrt(alpha * alpha + below), alpha);
  for (std::size_t i = 1; i < rows; ++i) column[i * kStrip] /= alpha - beta;
  diagonal = beta;
  return (beta - alpha) / beta;
}

// V from the panel's columns, and T, which makes one block of their reflectors.
void finish_panel(double* panel, std::size_t rows, std::size_t width, const double* tau, double* t) {
  // What is above the diagonal belongs to R, which nobody asks for.
  for (std::size_t i = 0; i < std::min(kStrip, rows); ++i)
    std::fill(panel + i * kStrip + i + 1, panel + (i + 1) * kStrip, 0.0);
  double gram[kStrip * kStrip];
  HWY_DYNAMIC_DISPATCH(transposed_product)(panel, panel, rows, gram);
  std::fill_n(t, kStrip * kStrip, 0.0);
  for (std::size_t j = 0; j < width; ++j) {
    t[j * kStrip + j] = tau[j];
    for (std::size_t i = 0; i < j; ++i) {
      double sum = 0;
      for (std::size_t l = i; l < j; ++l) sum += t[i * kStrip + l] * gram[l * kStrip + j];
      t[i * kStrip + j] = -tau[j] * sum;
    }
  }
}

}  // namespace

void factor_panel(double* panel, std::size_t rows, std::size_t width, double* t, double* diagonal) {
  double tau[kStrip] = {};
  for (std::size_t j = 0; j < width; ++j) {
    double* from = panel + j * kStrip;
    tau[j] = reflector_of_column(from + j, rows - j, diagonal[j]);
    if (tau[j] != 0) HWY_DYNAMIC_DISPATCH(reflect_rest)(from, rows - j, j, tau[j]);
  }
  finish_panel(panel, rows, width, tau, t);
}

void reflectors_of_panel(double* panel, std::size_t rows, std::size_t width, double* t, double* diagonal) {
  double tau[kStrip] = {};
  for (std::size_t j = 0; j < width; ++j) {
    tau[j] = reflector_of_column(panel + j * kStrip + j, rows - j, diagonal[j]);
  }
  finish_panel(panel, rows, width, tau, t);
}

void apply(const Reflector& h, bool transposed, double* c) {
  HWY_DYNAMIC_DISPATCH(apply_block)(h.v, h.t, h.rows, transposed, c);
}

}  // namespace fanin::linalg::qr
#endif
