#include <fmt/format.h>

#include <cstddef>

#include "fanin/core/error.h"
#include "fanin/nn/activation.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/activation_kernels.cpp"
#include <hwy/foreach_target.h>

#include "linalg/map-inl.h"
#include "linalg/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::nn::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace vm = fanin::linalg::HWY_NAMESPACE;
using fanin::HWY_NAMESPACE::fma;
using fanin::HWY_NAMESPACE::fnma;
using vm::detail::constant;
using vm::detail::keep_nan;

constexpr double kSeluScale = 1.0507009873554804934;
constexpr double kSeluAlpha = 1.6732632423543772848;
constexpr float kSeluNegative = static_cast<float>(kSeluScale * kSeluAlpha);
constexpr float kSqrtHalf = 0x1.6a09e6p-1f;
constexpr float kInverseSqrtTwoPi = 0x1.988454p-2f;

/// x within [-bound, bound], where the function has reached its limit: no infinity meets a zero.
template <class V>
HWY_INLINE V within(V x, float bound) {
  return hn::Max(hn::Min(x, constant(x, bound)), constant(x, -bound));
}

/// (1 + erf(x / sqrt 2)) / 2
template <class V>
HWY_INLINE V normal_cdf(V x) {
  const V half = constant(x, 0.5f);
  return fma(vm::erf(hn::Mul(x, constant(x, kSqrtHalf))), half, half);
}

template <class V>
HWY_INLINE V select_positive(V condition, V yes, V no) {
  return hn::IfThenElse(hn::Gt(condition, hn::Zero(hn::DFromV<V>())), yes, no);
}

template <class V>
HWY_INLINE V softsign(V x) {
  const V one = constant(x, 1.0f);
  const V a = hn::Abs(x);
  const V y = hn::Div(a, hn::Add(a, one));
  return hn::CopySign(hn::IfThenElse(hn::Eq(a, hn::Inf(hn::DFromV<V>())), one, y), x);
}

void forward_row(ActivationKind kind, float parameter, const float* x, float* y, std::size_t n) {
  const auto each = [&](auto f) HWY_ATTR {
    vm::map(
        n, y, [&](auto v) HWY_ATTR { return keep_nan(v, f(v)); }, x);
  };
  switch (kind) {
    case ActivationKind::identity:
      return vm::map(
          n, y, [](auto v) HWY_ATTR { return v; }, x);
    case ActivationKind::relu:
      // Written so that NaN stays, and a diverging network shows it.
      return vm::map(
          n, y, [](auto v) HWY_ATTR { return hn::IfThenZeroElse(hn::Le(v, constant(v, 0.0f)), v); }, x);
    case ActivationKind::leaky_relu:
      return each([=](auto v) HWY_ATTR { return select_positive(v, v, hn::Mul(v, constant(v, parameter))); });
    case ActivationKind::tanh:
      return each([](auto v) HWY_ATTR { return vm::tanh(v); });
    case ActivationKind::sigmoid:
      return each([](auto v) HWY_ATTR { return vm::sigmoid(v); });
    case ActivationKind::softsign:
      return each([](auto v) HWY_ATTR { return softsign(v); });
    case ActivationKind::elu:
      return each([=](auto v)
                      HWY_ATTR { return select_positive(v, v, hn::Mul(vm::expm1(v), constant(v, parameter))); });
    case ActivationKind::selu:
      return each([](auto v) HWY_ATTR {
        return select_positive(v, hn::Mul(v, constant(v, static_cast<float>(kSeluScale))),
                               hn::Mul(vm::expm1(v), constant(v, kSeluNegative)));
      });
    case ActivationKind::gelu:
      return each([](auto v) HWY_ATTR { return hn::Mul(hn::Max(v, constant(v, -20.0f)), normal_cdf(v)); });
    case ActivationKind::silu:
      return each([](auto v) HWY_ATTR { return hn::Mul(hn::Max(v, constant(v, -200.0f)), vm::sigmoid(v)); });
    case ActivationKind::softplus:
      return each([](auto v) HWY_ATTR { return vm::softplus(v); });
  }
}

void backward_row(ActivationKind kind, float parameter, const float* x, const float* y, const float* dy, float* dx,
                  std::size_t n) {
  // dx = f'(of) dy
  const auto each = [&](const float* of, auto derivative) HWY_ATTR {
    vm::map(
        n, dx,
        [&](auto v, auto g) HWY_ATTR {
          const auto product = hn::Mul(derivative(v), g);
          return keep_nan(product, product);
        },
        of, dy);
  };
  switch (kind) {
    case ActivationKind::identity:
      return vm::map(
          n, dx, [](auto g) HWY_ATTR { return g; }, dy);
    case ActivationKind::relu:
      return vm::map(
          n, dx, [](auto v, auto g) HWY_ATTR { return hn::IfThenZeroElse(hn::Le(v, constant(v, 0.0f)), g); }, y, dy);
    case ActivationKind::leaky_relu:
      return each(x, [=](auto v) HWY_ATTR { return select_positive(v, constant(v, 1.0f), constant(v, parameter)); });
    case ActivationKind::tanh:
      return each(y, [](auto v) HWY_ATTR { return fnma(v, v, constant(v, 1.0f)); });
    case ActivationKind::sigmoid:
      return each(y, [](auto v) HWY_ATTR { return hn::Mul(v, hn::Sub(constant(v, 1.0f), v)); });
    case ActivationKind::softsign:
      return each(x, [](auto v) HWY_ATTR {
        const auto one = constant(v, 1.0f);
        const auto t = hn::Div(one, hn::Add(one, hn::Abs(v)));
        return hn::Mul(t, t);
      });
    case ActivationKind::elu:
      return each(y, [=](auto v) HWY_ATTR {
        return select_positive(v, constant(v, 1.0f), hn::Add(v, constant(v, parameter)));
      });
    case ActivationKind::selu:
      return each(y, [](auto v) HWY_ATTR {
        return select_positive(v, constant(v, static_cast<float>(kSeluScale)), hn::Add(v, constant(v, kSeluNegative)));
      });
    case ActivationKind::gelu:
      return each(x, [](auto v) HWY_ATTR {
        const auto bounded = within(v, 20.0f);
        const auto square = hn::Mul(bounded, bounded);
        const auto density = hn::Mul(vm::exp(hn::Mul(square, constant(v, -0.5f))), constant(v, kInverseSqrtTwoPi));
        return keep_nan(v, fma(bounded, density, normal_cdf(v)));
      });
    case ActivationKind::silu:
      return each(x, [](auto v) HWY_ATTR {
        const auto one = constant(v, 1.0f);
        const auto s = vm::sigmoid(v);
        return keep_nan(v, hn::Mul(s, fma(within(v, 200.0f), hn::Sub(one, s), one)));
      });
    case ActivationKind::softplus:
      return each(x, [](auto v) HWY_ATTR { return vm::sigmoid(v); });
  }
}

void forward_all(ActivationKind kind, float parameter, const MatrixView<const float>& x, const MatrixView<float>& y) {
  for (std::size_t r = 0; r < y.rows; ++r) forward_row(kind, parameter, x.row(r), y.row(r), y.cols);
}

void backward_all(ActivationKind kind, float parameter, const MatrixView<const float>& x,
                  const MatrixView<const float>& y, const MatrixView<const float>& dy, const MatrixView<float>& dx) {
  for (std::size_t r = 0; r < dx.rows; ++r) {
    backward_row(kind, parameter, x.row(r), y.row(r), dy.row(r), dx.row(r), dx.cols);
  }
}

}  // namespace fanin::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin::nn {
namespace {

HWY_EXPORT(forward_all);
HWY_EXPORT(backward_all);

void check_length(std::string_view what, std::size_t length, std::string_view of, std::size_t expected) {
  if (length == expected) return;
  throw Error(ErrorKind::usage, "activation",
              fmt::format("{} has {} elements, {} has {}: the lengths must be equal", what, length, of, expected));
}

void check_shape(std::string_view what, MatrixView<const float> m, std::string_view of,
                 MatrixView<const float> expected) {
  if (m.rows == expected.rows && m.cols == expected.cols) return;
  throw Error(ErrorKind::usage, "activation",
              fmt::format("{} is [{}, {}], {} is [{}, {}]: the shapes must be equal", what, m.rows, m.cols, of,
                          expected.rows, expected.cols));
}

}  // namespace

void forward(const Activation& activation, std::span<const float> x, std::span<float> y) {
  check_length("y", y.size(), "x", x.size());
  forward(activation, {x.data(), 1, x.size()}, {y.data(), 1, y.size()});
}

void backward(const Activation& activation, std::span<const float> x, std::span<const float> y,
              std::span<const float> dy, std::span<float> dx) {
  check_length("dx", dx.size(), "dy", dy.size());
  if (activation.backward_reads_input()) {
    check_length("x", x.size(), "dy", dy.size());
  } else if (activation.kind != ActivationKind::identity) {
    check_length("y", y.size(), "dy", dy.size());
  }
  backward(activation, {x.data(), 1, x.size()}, {y.data(), 1, y.size()}, {dy.data(), 1, dy.size()},
           {dx.data(), 1, dx.size()});
}

void forward(const Activation& activation, MatrixView<const float> x, MatrixView<float> y) {
  check_shape("y", y, "x", x);
  HWY_DYNAMIC_DISPATCH(forward_all)(activation.kind, static_cast<float>(activation.slope_or_alpha), x, y);
}

void backward(const Activation& activation, MatrixView<const float> x, MatrixView<const float> y,
              MatrixView<const float> dy, MatrixView<float> dx) {
  check_shape("dx", dx, "dy", dy);
  HWY_DYNAMIC_DISPATCH(backward_all)
  (activation.kind, static_cast<float>(activation.slope_or_alpha), x, y, dy, dx);
}

}  // namespace fanin::nn
#endif
