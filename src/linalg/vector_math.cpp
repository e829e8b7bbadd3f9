#include "fanin/linalg/vector_math.h"

#include <fmt/format.h>

#include <cstddef>

#include "fanin/core/error.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/vector_math.cpp"
#include <hwy/foreach_target.h>

#include "linalg/map-inl.h"
#include "linalg/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::linalg::HWY_NAMESPACE {

#define FANIN_MAP(NAME)                                          \
  void map_##NAME(const float* x, float* y, std::size_t count) { \
    map(                                                         \
        count, y, [](auto v) HWY_ATTR { return NAME(v); }, x);   \
  }
FANIN_MAP(exp)
FANIN_MAP(expm1)
FANIN_MAP(log)
FANIN_MAP(log1p)
FANIN_MAP(tanh)
FANIN_MAP(sigmoid)
FANIN_MAP(erf)
FANIN_MAP(softplus)
#undef FANIN_MAP

}  // namespace fanin::linalg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin::linalg {
namespace {

void check_lengths(std::span<const float> x, std::span<const float> y) {
  if (x.size() == y.size()) return;
  throw Error(
      ErrorKind::usage, "linalg",
      fmt::format("{} results cannot hold a function of {} values, the lengths must be equal", y.size(), x.size()));
}

}  // namespace

#define FANIN_DEFINE(NAME)                                          \
  HWY_EXPORT(map_##NAME);                                           \
  void NAME(std::span<const float> x, std::span<float> y) {         \
    check_lengths(x, y);                                            \
    HWY_DYNAMIC_DISPATCH(map_##NAME)(x.data(), y.data(), x.size()); \
  }
FANIN_DEFINE(exp)
FANIN_DEFINE(expm1)
FANIN_DEFINE(log)
FANIN_DEFINE(log1p)
FANIN_DEFINE(tanh)
FANIN_DEFINE(sigmoid)
FANIN_DEFINE(erf)
FANIN_DEFINE(softplus)
#undef FANIN_DEFINE

}  // namespace fanin::linalg
#endif
