#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "random/fill.cpp"
#include <fmt/format.h>
#include <hwy/foreach_target.h>

#include <cmath>
#include <limits>

#include "fanin/core/error.h"
#include "fanin/random/distributions.h"

#include "random/normal-inl.h"
#include "random/philox-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::random::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

struct ToWords {
  void operator()(const std::uint32_t* w, std::uint32_t* out) const { std::memcpy(out, w, 4 * sizeof(*w)); }
};

struct ToUniform {
  float lo, width, limit;
  void operator()(const std::uint32_t* w, float* out) const {
    for (int i = 0; i < 4; ++i) {
      const float x = static_cast<float>(w[i] & 0xFFFFFF) * 0x1p-24f;
      const float v = std::fma(x, width, lo);
      out[i] = v < limit ? v : limit;
    }
  }
};

struct ToNormal {
  float mean, std;
  void operator()(const std::uint32_t* w, float* out) const {
    const hn::ScalableTag<float> df;
    const hn::RebindToUnsigned<decltype(df)> du;
    for (int i = 0; i < 4; i += 2) {
      hn::VFromD<decltype(df)> a;
      hn::VFromD<decltype(df)> b;
      box_muller(df, hn::Set(du, w[i]), hn::Set(du, w[i + 1]), hn::Set(df, mean), hn::Set(df, std), a, b);
      out[i] = hn::GetLane(a);
      out[i + 1] = hn::GetLane(b);
    }
  }
};

#else

using DF = hn::RebindToFloat<D32>;

struct ToWords {
  HWY_INLINE void operator()(const Words& w, std::uint32_t* out) const {
    in_order(w, [&](std::size_t i, V32 v) { hn::StoreU(v, D32(), out + i); });
  }
};

struct ToUniform {
  float lo, width, limit;
  HWY_INLINE void operator()(const Words& w, float* out) const {
    const DF df;
    const D32 d32;
    in_order(w, [&](std::size_t i, V32 v) {
      const auto bits = hn::BitCast(hn::RebindToSigned<DF>(), hn::And(v, hn::Set(d32, 0xFFFFFF)));
      const auto x = hn::Mul(hn::ConvertTo(df, bits), hn::Set(df, 0x1p-24f));
      hn::StoreU(hn::Min(fma(x, hn::Set(df, width), hn::Set(df, lo)), hn::Set(df, limit)), df, out + i);
    });
  }
};

struct ToNormal {
  float mean, std;
  HWY_INLINE void operator()(const Words& w, float* out) const {
    const DF df;
    hn::VFromD<DF> a;
    hn::VFromD<DF> b;
    box_muller(df, pack(w.w0, w.w2), pack(w.w1, w.w3), hn::Set(df, mean), hn::Set(df, std), a, b);
    hn::StoreU(hn::InterleaveLower(df, a, b), df, out);
    hn::StoreU(hn::InterleaveUpper(df, a, b), df, out + hn::Lanes(df));
  }
};

#endif

void words(std::uint64_t seed, std::uint64_t offset, std::uint64_t first, std::uint32_t* out, std::size_t count) {
  generate(seed, offset, first, out, count, ToWords{});
}

void uniform(std::uint64_t seed, std::uint64_t offset, std::uint64_t first, float* out, std::size_t count, float lo,
             float width, float limit) {
  generate(seed, offset, first, out, count, ToUniform{lo, width, limit});
}

void normal(std::uint64_t seed, std::uint64_t offset, std::uint64_t first, float* out, std::size_t count, float mean,
            float std) {
  generate(seed, offset, first, out, count, ToNormal{mean, std});
}

}  // namespace fanin::random::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin::random {

HWY_EXPORT(words);
HWY_EXPORT(uniform);
HWY_EXPORT(normal);

void Stream::words(std::uint64_t first, std::span<std::uint32_t> out) const {
  HWY_DYNAMIC_DISPATCH(words)(seed_, offset_, first, out.data(), out.size());
}

void fill_uniform(const Stream& stream, std::uint64_t first, std::span<float> out, double lo, double hi) {
  const float low = static_cast<float>(lo);
  const float high = static_cast<float>(hi);
  const float width = high - low;
  // Written so that a NaN fails it too.
  if (!(lo <= hi) || !std::isfinite(low) || !std::isfinite(high) || !std::isfinite(width)) {
    throw Error(ErrorKind::usage, "random",
                fmt::format("uniform(low={}, high={}): low must not exceed high, and both and their difference must be "
                            "finite in float32",
                            lo, hi));
  }
  const float limit = low < high ? std::nextafter(high, -std::numeric_limits<float>::infinity()) : low;
  HWY_DYNAMIC_DISPATCH(uniform)
  (stream.seed(), stream.offset(), first, out.data(), out.size(), low, width, limit);
}

void fill_normal(const Stream& stream, std::uint64_t first, std::span<float> out, double mean, double std) {
  const float center = static_cast<float>(mean);
  const float scale = static_cast<float>(std);
  if (!std::isfinite(center) || !std::isfinite(scale) || scale < 0) {
    throw Error(ErrorKind::usage, "random",
                fmt::format("normal(mean={}, std={}): both must be finite in float32, and std at least 0", mean, std));
  }
  HWY_DYNAMIC_DISPATCH(normal)(stream.seed(), stream.offset(), first, out.data(), out.size(), center, scale);
}

}  // namespace fanin::random
#endif
