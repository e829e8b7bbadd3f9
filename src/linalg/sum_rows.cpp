#include "fanin/linalg/sum_rows.h"

#include <fmt/format.h>

#include "fanin/core/error.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/sum_rows.cpp"
#include <hwy/foreach_target.h>

#include "core/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::HWY_NAMESPACE {
namespace {

void sum_all(const MatrixView<const float>& a, float* sums) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  size_t j = 0;
  // Several columns of vectors at once hide the latency of the additions.
  for (; j + 4 * lanes <= a.cols; j += 4 * lanes) {
    auto s0 = hn::Zero(d), s1 = hn::Zero(d), s2 = hn::Zero(d), s3 = hn::Zero(d);
    for (size_t i = 0; i < a.rows; ++i) {
      const float* p = a.row(i) + j;
      s0 = hn::Add(s0, hn::LoadU(d, p));
      s1 = hn::Add(s1, hn::LoadU(d, p + lanes));
      s2 = hn::Add(s2, hn::LoadU(d, p + 2 * lanes));
      s3 = hn::Add(s3, hn::LoadU(d, p + 3 * lanes));
    }
    hn::StoreU(s0, d, sums + j);
    hn::StoreU(s1, d, sums + j + lanes);
    hn::StoreU(s2, d, sums + j + 2 * lanes);
    hn::StoreU(s3, d, sums + j + 3 * lanes);
  }
  for (; j < a.cols; ++j) {
    float sum = 0;
    for (size_t i = 0; i < a.rows; ++i) sum += a(i, j);
    sums[j] = sum;
  }
}

}  // namespace
}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin::linalg {
namespace {

HWY_EXPORT(sum_all);

}  // namespace

void sum_rows(MatrixView<const float> a, std::span<float> sums) {
  if (sums.size() != a.cols) {
    throw Error(ErrorKind::usage, "sum_rows", fmt::format("{} sums for {} columns", sums.size(), a.cols));
  }
  HWY_DYNAMIC_DISPATCH(sum_all)(a, sums.data());
}

}  // namespace fanin::linalg
#endif
