#include "rbm/unit_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rbm/unit_kernels.cpp"
#include <hwy/foreach_target.h>

#include "linalg/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::rbm::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace vm = fanin::linalg::HWY_NAMESPACE;
using fanin::HWY_NAMESPACE::fma;
using D = hn::ScalableTag<float>;
using DU = hn::RebindToUnsigned<D>;
using DI = hn::RebindToSigned<D>;
constexpr std::size_t kMaxLanes = HWY_MAX_BYTES / sizeof(float);

void sample_all(const MatrixView<float>& p, float scale, const MatrixView<const std::uint32_t>& words,
                const MatrixView<float>& states) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const auto factor = hn::Set(d, scale);
  const auto one = [&](float* x, const std::uint32_t* w, float* s) HWY_ATTR {
    const auto probability = vm::sigmoid(hn::LoadU(d, x));
    hn::StoreU(hn::Mul(probability, factor), d, x);
    if (s == nullptr) return;
    const auto bits = hn::ShiftRight<8>(hn::LoadU(DU(), w));
    const auto uniform = hn::Mul(hn::ConvertTo(d, hn::BitCast(DI(), bits)), hn::Set(d, 0x1p-24F));
    hn::StoreU(hn::IfThenElseZero(hn::Lt(uniform, probability), hn::Set(d, 1.0F)), d, s);
  };
  for (std::size_t r = 0; r < p.rows; ++r) {
    float* x = p.row(r);
    const std::uint32_t* w = states.data == nullptr ? nullptr : words.row(r);
    float* s = states.data == nullptr ? nullptr : states.row(r);
    std::size_t j = 0;
    for (; j + lanes <= p.cols; j += lanes) one(x + j, s == nullptr ? nullptr : w + j, s == nullptr ? nullptr : s + j);
    if (j == p.cols) continue;
    // The rest goes through padded copies, so that it is the same code for every element.
    HWY_ALIGN float px[kMaxLanes] = {};
    HWY_ALIGN std::uint32_t pw[kMaxLanes] = {};
    HWY_ALIGN float ps[kMaxLanes] = {};
    for (std::size_t i = j; i < p.cols; ++i) {
      px[i - j] = x[i];
      if (s != nullptr) pw[i - j] = w[i];
    }
    one(px, pw, s == nullptr ? nullptr : ps);
    for (std::size_t i = j; i < p.cols; ++i) {
      x[i] = px[i - j];
      if (s != nullptr) s[i] = ps[i - j];
    }
  }
}

// Sums of 16 chains of term(d, a, b, sum), whatever the lanes.
template <class Term>
float row_sum(const float* a, const float* b, std::size_t n, const Term& term) {
  constexpr std::size_t kSums = 16;
  const hn::CappedTag<float, kSums> d;
  HWY_ALIGN float sums[kSums] = {};
  std::size_t i = 0;
  for (; i + kSums <= n; i += kSums) {
    for (std::size_t k = 0; k < kSums; k += hn::Lanes(d)) {
      hn::Store(term(hn::LoadU(d, a + i + k), hn::LoadU(d, b + i + k), hn::Load(d, sums + k)), d, sums + k);
    }
  }
  for (; i < n; ++i) {
    const hn::CappedTag<float, 1> one;
    sums[i % kSums] = hn::GetLane(term(hn::Set(one, a[i]), hn::Set(one, b[i]), hn::Set(one, sums[i % kSums])));
  }
  for (std::size_t half = kSums / 2; half > 0; half /= 2) {
    for (std::size_t k = 0; k < half; ++k) sums[k] += sums[k + half];
  }
  return sums[0];
}

float distance(const float* a, const float* b, std::size_t n) {
  return row_sum(a, b, n, [](auto x, auto y, auto sum) HWY_ATTR {
    const auto difference = hn::Sub(x, y);
    return fma(difference, difference, sum);
  });
}

float product(const float* a, const float* b, std::size_t n) {
  return row_sum(a, b, n, [](auto x, auto y, auto sum) HWY_ATTR { return fma(x, y, sum); });
}

}  // namespace
}  // namespace fanin::rbm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin::rbm::detail {
namespace {

HWY_EXPORT(sample_all);
HWY_EXPORT(distance);
HWY_EXPORT(product);

}  // namespace

void sigmoid(MatrixView<float> x) {
  HWY_DYNAMIC_DISPATCH(sample_all)(x, 1.0F, {}, {});
}

void sigmoid_and_sample(MatrixView<float> p, float scale, MatrixView<const std::uint32_t> words,
                        MatrixView<float> states) {
  HWY_DYNAMIC_DISPATCH(sample_all)(p, scale, words, states);
}

float squared_distance(const float* a, const float* b, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(distance)(a, b, n);
}

float dot(const float* a, const float* b, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(product)(a, b, n);
}

}  // namespace fanin::rbm::detail
#endif
