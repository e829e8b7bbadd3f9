#include "init/dialect/dialect.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "fanin/core/buffer.h"
#include "fanin/core/error.h"

#include "init/dialect/layout.h"

namespace fanin::init {
namespace {

double extent(const Shape& shape, std::size_t axis) {
  return static_cast<double>(shape[axis]);
}

struct ShapeFans {
  Framework framework;
  Order order;

  [[nodiscard]] Fans operator()(const Shape& shape, Fans) const {
    return framework_fans(framework, order == Order::native ? shape : framework_shape(framework, shape));
  }
  void check(const Shape& shape) const { (void)(*this)(shape, {}); }
  friend bool operator==(const ShapeFans&, const ShapeFans&) = default;
};

struct JaxFans {
  Order order;
  JaxAxes axes;

  [[nodiscard]] Fans operator()(const Shape& shape, Fans) const {
    want_rank("fans of jax", shape, 2);
    const Shape native = order == Order::native ? shape : framework_shape(Framework::jax, shape);
    const std::size_t in = at(native, axes.in);
    const std::size_t out = at(native, axes.out);
    const std::size_t batch = axes.batch == JaxAxes::kNoAxis ? native.rank() : at(native, axes.batch);
    // All elements / in / out / batch: an axis that is named twice is divided by twice, as JAX does.
    double field = 1;
    for (std::size_t i = 0; i < native.rank(); ++i) field *= std::max(extent(native, i), 1.0);
    for (const std::size_t i : {in, out, batch}) {
      if (i < native.rank()) field /= std::max(extent(native, i), 1.0);
    }
    return {extent(native, in) * field, extent(native, out) * field};
  }
  void check(const Shape& shape) const { (void)(*this)(shape, {}); }
  friend bool operator==(const JaxFans&, const JaxFans&) = default;

 private:
  static std::size_t at(const Shape& shape, int axis) {
    const auto rank = static_cast<int>(shape.rank());
    if (axis < -rank || axis >= rank) {
      throw Error(ErrorKind::usage, "init",
                  fmt::format("jax: tensor {} has no axis {}, one from -{} to {} is wanted", shape.str(), axis, rank,
                              rank - 1));
    }
    return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
  }
};

struct GeneralFans {
  std::size_t batch;
  std::size_t features;

  [[nodiscard]] Fans operator()(const Shape& shape, Fans) const {
    want_rank("flax:DenseGeneral", shape, batch + features + 1);
    Fans fans{1, 1};
    for (std::size_t i = 0; i < shape.rank(); ++i) {
      (i + features < shape.rank() ? fans.in : fans.out) *= extent(shape, i);
    }
    return fans;
  }
  void check(const Shape& shape) const { (void)(*this)(shape, {}); }
  friend bool operator==(const GeneralFans&, const GeneralFans&) = default;
};

struct MlpackFans {
  std::uint64_t parameters;

  [[nodiscard]] Fans operator()(const Shape& shape, Fans given) const {
    return {parameters > 0 ? static_cast<double>(parameters) : layer_parameters(shape, given), 1};
  }
  void check(const Shape&) const {}
  friend bool operator==(const MlpackFans&, const MlpackFans&) = default;
};

struct HiddenFans {
  std::size_t gates;

  [[nodiscard]] Fans operator()(const Shape& shape, Fans) const {
    want_rank("hidden units of a recurrent layer", shape, 1);
    if (shape[0] % gates != 0) {
      throw Error(ErrorKind::usage, "init",
                  fmt::format("recurrent layer: tensor {} has the first extent {}, a multiple of gates={} is wanted",
                              shape.str(), shape[0], gates));
    }
    const double hidden = extent(shape, 0) / static_cast<double>(gates);
    return {hidden, hidden};
  }
  void check(const Shape& shape) const { (void)(*this)(shape, {}); }
  friend bool operator==(const HiddenFans&, const HiddenFans&) = default;
};

struct SecondAxis {
  [[nodiscard]] Fans operator()(const Shape& shape, Fans) const {
    want_rank("bilinear layer", shape, 2);
    return {extent(shape, 1), extent(shape, 1)};
  }
  void check(const Shape& shape) const { (void)(*this)(shape, {}); }
  friend bool operator==(const SecondAxis&, const SecondAxis&) = default;
};

// What dialects that only pass on have in common.
template <class Fan>
struct WithFans {
  RulePtr inside;
  Fan fan;

  void check(const Shape& shape) const {
    fan.check(shape);
    inside->check(shape);
  }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const {
    return inside->expected(shape, fan(shape, fans));
  }
  [[nodiscard]] Promise promise(const Shape& shape, Fans fans) const {
    return inside->promise(shape, fan(shape, fans));
  }
  [[nodiscard]] bool elementwise() const noexcept { return inside->elementwise(); }
  [[nodiscard]] Elements elements(const Shape& shape, Fans fans) const {
    return inside->elements(shape, fan(shape, fans));
  }
  void whole(const Shape& shape, Fans fans, const random::Stream& stream, std::span<float> out,
             ThreadPool& pool) const {
    inside->fill(shape, fan(shape, fans), stream, out, pool);
  }
  friend bool operator==(const WithFans& a, const WithFans& b) noexcept {
    return a.fan == b.fan && a.inside->equals(*b.inside);
  }
};

struct Layer {
  RulePtr weight;
  RulePtr bias;

  [[nodiscard]] const detail::Rule& of(const Shape& shape) const { return shape.rank() < 2 ? *bias : *weight; }
  void check(const Shape& shape) const { of(shape).check(shape); }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const { return of(shape).expected(shape, fans); }
  [[nodiscard]] Promise promise(const Shape& shape, Fans fans) const { return of(shape).promise(shape, fans); }
  [[nodiscard]] bool elementwise() const noexcept { return weight->elementwise() && bias->elementwise(); }
  [[nodiscard]] Elements elements(const Shape& shape, Fans fans) const { return of(shape).elements(shape, fans); }
  void whole(const Shape& shape, Fans fans, const random::Stream& stream, std::span<float> out,
             ThreadPool& pool) const {
    of(shape).fill(shape, fans, stream, out, pool);
  }
  friend bool operator==(const Layer& a, const Layer& b) noexcept {
    return a.weight->equals(*b.weight) && a.bias->equals(*b.bias);
  }
};

struct ForRanks {
  RulePtr inside;
  Ranks ranks;

  void check(const Shape& shape) const {
    want_rank(ranks.scheme, shape, ranks.least, ranks.most);
    for (std::size_t i = ranks.square_from; i + 1 < shape.rank(); ++i) {
      if (shape[i] == shape[i + 1] || shape.elements() == 0) continue;
      throw Error(ErrorKind::usage, "init",
                  fmt::format("{}: tensor {} has the extents {} and {}, equal ones are wanted", ranks.scheme,
                              shape.str(), shape[i], shape[i + 1]));
    }
    inside->check(shape);
  }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const { return inside->expected(shape, fans); }
  [[nodiscard]] Promise promise(const Shape& shape, Fans fans) const { return inside->promise(shape, fans); }
  [[nodiscard]] bool elementwise() const noexcept { return inside->elementwise(); }
  [[nodiscard]] Elements elements(const Shape& shape, Fans fans) const { return inside->elements(shape, fans); }
  void whole(const Shape& shape, Fans fans, const random::Stream& stream, std::span<float> out,
             ThreadPool& pool) const {
    inside->fill(shape, fans, stream, out, pool);
  }
  friend bool operator==(const ForRanks& a, const ForRanks& b) noexcept {
    return a.ranks == b.ranks && a.inside->equals(*b.inside);
  }
};

// Element i of the framework's order is element places(i) of fanin's.
struct NativeOrder {
  RulePtr inside;
  Framework framework;

  [[nodiscard]] Shape fanin_shape(const Shape& shape) const {
    std::vector<std::size_t> extents(shape.rank());
    const auto axes = fanin_axes(framework, shape.rank());
    for (std::size_t i = 0; i < shape.rank(); ++i) extents[axes[i]] = shape[i];
    return Shape(std::span<const std::size_t>(extents));
  }
  void check(const Shape& shape) const { inside->check(fanin_shape(shape)); }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const {
    return inside->expected(fanin_shape(shape), fans);
  }
  // Where an element is matters to the kinds that speak of rows.
  [[nodiscard]] Promise promise(const Shape& shape, Fans fans) const {
    const Promise p = inside->promise(fanin_shape(shape), fans);
    return p.kind == Promise::Kind::orthogonal ? Promise{} : p;
  }
  [[nodiscard]] bool elementwise() const noexcept { return inside->elementwise(); }
  [[nodiscard]] std::vector<std::uint64_t> strides(const Shape& shape) const {
    const Shape from = fanin_shape(shape);
    std::vector<std::uint64_t> of_fanin(shape.rank(), 1);
    for (std::size_t i = shape.rank(); i-- > 1;) of_fanin[i - 1] = of_fanin[i] * from[i];
    std::vector<std::uint64_t> native;
    for (const std::size_t axis : fanin_axes(framework, shape.rank())) native.push_back(of_fanin[axis]);
    return native;
  }
  static std::uint64_t place(const Shape& shape, const std::vector<std::uint64_t>& strides, std::uint64_t i) {
    std::uint64_t at = 0;
    for (std::size_t axis = shape.rank(); axis-- > 0;) {
      at += i % shape[axis] * strides[axis];
      i /= shape[axis];
    }
    return at;
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans fans) const {
    return [=, s = strides(shape), elements = inside->elements(fanin_shape(shape), fans)](
               const random::Stream& stream, std::uint64_t first, std::span<float> out) {
      for (std::size_t i = 0; i < out.size(); ++i) elements(stream, place(shape, s, first + i), out.subspan(i, 1));
    };
  }
  void whole(const Shape& shape, Fans fans, const random::Stream& stream, std::span<float> out,
             ThreadPool& pool) const {
    Buffer<float> made(out.size());
    inside->fill(fanin_shape(shape), fans, stream, made.span(), pool);
    const auto s = strides(shape);
    parallel_for(pool, out.size(), 1 << 14, [&](std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last; ++i) out[i] = made.data()[place(shape, s, i)];
    });
  }
  friend bool operator==(const NativeOrder& a, const NativeOrder& b) noexcept {
    return a.framework == b.framework && a.inside->equals(*b.inside);
  }
};

}  // namespace

double layer_parameters(const Shape& shape, Fans fans) {
  const double n = static_cast<double>(shape.elements());
  if (shape.rank() < 2) return n * (1 + fans.in);
  return n + extent(shape, 0);
}

Parameter shape_order() {
  return choice("shape", "fanin", {"fanin", "native"});
}

RulePtr with_shape_fans(RulePtr inside, Framework framework, Order order) {
  return make_rule(WithFans<ShapeFans>{std::move(inside), {framework, order}});
}

RulePtr with_jax_fans(RulePtr inside, Order order, JaxAxes axes) {
  return make_rule(WithFans<JaxFans>{std::move(inside), {order, axes}});
}

RulePtr with_general_fans(RulePtr inside, std::size_t batch, std::size_t features) {
  return make_rule(WithFans<GeneralFans>{std::move(inside), {batch, features}});
}

RulePtr with_hidden_fans(RulePtr inside, std::size_t gates) {
  return make_rule(WithFans<HiddenFans>{std::move(inside), {gates}});
}

RulePtr with_second_axis(RulePtr inside) {
  return make_rule(WithFans<SecondAxis>{std::move(inside), {}});
}

RulePtr with_mlpack_fans(RulePtr inside, std::uint64_t parameters) {
  return make_rule(WithFans<MlpackFans>{std::move(inside), {parameters}});
}

RulePtr layer(RulePtr weight, RulePtr bias) {
  return make_rule(Layer{std::move(weight), std::move(bias)});
}

RulePtr for_ranks(RulePtr inside, Ranks ranks) {
  return make_rule(ForRanks{std::move(inside), ranks});
}

RulePtr in_native_order(RulePtr inside, Framework framework) {
  return make_rule(NativeOrder{std::move(inside), framework});
}

std::string text(double number) {
  return fmt::format("{}", number);
}

}  // namespace fanin::init
