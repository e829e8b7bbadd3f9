#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/init/dialect_fans.h"

#include "init/dialect/layout.h"
#include "init/rule.h"

namespace fanin::init {
namespace {

double extent(const Shape& shape, std::size_t axis) {
  return static_cast<double>(shape[axis]);
}

}  // namespace

std::string_view to_string(Framework framework) {
  switch (framework) {
    case Framework::torch:
      return "torch";
    case Framework::keras:
      return "keras";
    case Framework::jax:
      return "jax";
    case Framework::flax:
      return "flax";
    case Framework::mlx:
      return "mlx";
    case Framework::caffe:
      return "caffe";
    case Framework::mxnet:
      return "mxnet";
    case Framework::tiny_dnn:
      return "tiny_dnn";
    case Framework::mlpack:
      return "mlpack";
    case Framework::fann:
      return "fann";
  }
  return "";
}

std::optional<Framework> framework_named(std::string_view name) {
  for (const Framework f : kFrameworks) {
    if (to_string(f) == name) return f;
  }
  return std::nullopt;
}

Axes axes_of(Framework framework, std::size_t rank) {
  if (rank < 2) return {};
  switch (framework) {
    case Framework::keras:
    case Framework::jax:
    case Framework::flax:
      return {rank - 1, rank - 2};
    case Framework::mlx:
      return {0, rank - 1};
    default:
      return {0, 1};
  }
}

std::vector<std::size_t> fanin_axes(Framework framework, std::size_t rank) {
  std::vector<std::size_t> axes(rank);
  if (rank < 2) {
    if (rank == 1) axes[0] = 0;
    return axes;
  }
  const Axes native = axes_of(framework, rank);
  std::size_t tap = 2;
  for (std::size_t i = 0; i < rank; ++i) axes[i] = i == native.out ? 0 : i == native.in ? 1 : tap++;
  return axes;
}

Shape framework_shape(Framework framework, const Shape& shape) {
  std::vector<std::size_t> extents;
  for (const std::size_t axis : fanin_axes(framework, shape.rank())) extents.push_back(shape[axis]);
  return Shape(std::span<const std::size_t>(extents));
}

Fans framework_fans(Framework framework, const Shape& shape) {
  const std::size_t rank = shape.rank();
  if (framework == Framework::tiny_dnn || framework == Framework::mlpack || framework == Framework::fann) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("{}: no fans of tensor {}, its layers count for themselves; torch, keras, jax, flax, mlx, "
                            "caffe and mxnet have fans of a shape",
                            to_string(framework), shape.str()));
  }
  if (framework == Framework::keras && rank < 2) {
    const double n = rank == 0 ? 1 : extent(shape, 0);
    return {n, n};
  }
  if (framework == Framework::caffe && rank == 1) return {1, extent(shape, 0)};
  want_rank(fmt::format("fans of {}", to_string(framework)), shape, framework == Framework::caffe ? 1 : 2);
  const Axes axes = axes_of(framework, rank);
  Fans fans{extent(shape, axes.in), extent(shape, axes.out)};
  for (std::size_t i = 0; i < rank; ++i) {
    if (i == axes.in || i == axes.out) continue;
    fans.in *= extent(shape, i);
    fans.out *= extent(shape, i);
  }
  return fans;
}

}  // namespace fanin::init
