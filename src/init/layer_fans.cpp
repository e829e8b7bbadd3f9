#include "fanin/init/layer_fans.h"

#include <fmt/format.h>

#include <algorithm>

#include "fanin/core/error.h"

namespace fanin::init {
namespace {

template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(ErrorKind::usage, "init", fmt::format(format, std::forward<Args>(args)...));
}

struct Axes {
  double outputs = 1;
  double inputs = 1;
  double taps = 1;
  std::size_t kernel_axes = 0;
};

Axes axes_of(const Shape& shape, Layout layout) {
  constexpr std::string_view kLetters = "OIDHWE";
  for (std::size_t i = 0; i < layout.size(); ++i) {
    if (kLetters.find(layout[i]) == std::string_view::npos || layout.find(layout[i], i + 1) != std::string_view::npos) {
      fail("layout '{}': each of the letters O, I, D, H, W and E may stand in it once", layout.substr(0, 20));
    }
  }
  if (layout.find('O') == std::string_view::npos || layout.find('I') == std::string_view::npos) {
    fail("layout '{}': an O and an I are wanted", layout);
  }
  if (layout.size() != shape.rank()) {
    fail("layout '{}' has {} axes, shape {} has {}", layout, layout.size(), shape.str(), shape.rank());
  }
  Axes axes;
  for (std::size_t i = 0; i < layout.size(); ++i) {
    const double extent = static_cast<double>(shape[i]);
    if (layout[i] == 'O') axes.outputs = extent;
    if (layout[i] == 'I') axes.inputs = extent;
    if (layout[i] == 'D' || layout[i] == 'H' || layout[i] == 'W') {
      axes.taps *= extent;
      ++axes.kernel_axes;
    }
  }
  return axes;
}

double stride_of(std::span<const std::size_t> stride, const Axes& axes, const Shape& shape) {
  if (stride.empty()) return 1;
  if (stride.size() != 1 && stride.size() != axes.kernel_axes) {
    fail("{} strides given for the weight {}, allowed are none, 1 and {}", stride.size(), shape.str(),
         axes.kernel_axes);
  }
  double product = 1;
  for (std::size_t i = 0; i < axes.kernel_axes; ++i) {
    const std::size_t s = stride[stride.size() == 1 ? 0 : i];
    if (s == 0) fail("stride 0 given for the weight {}, at least 1 is allowed", shape.str());
    product *= static_cast<double>(s);
  }
  return product;
}

double shared(double extent, std::size_t parts, std::string_view name, const Shape& shape) {
  const auto whole = static_cast<std::size_t>(extent);
  if (parts == 0 || whole % parts != 0) {
    fail("{}={} given for the weight {}, a divisor of {} is wanted", name, parts, shape.str(), whole);
  }
  return extent / static_cast<double>(parts);
}

void want_table(const Shape& shape) {
  if (shape.rank() != 2) {
    fail("fans of an embedding: shape {} has rank {}, [entries, size] is wanted", shape.str(), shape.rank());
  }
}

}  // namespace

Fans weight_fans(const Shape& shape, Layout layout) {
  const Axes axes = axes_of(shape, layout);
  return {axes.inputs * axes.taps, axes.outputs * axes.taps};
}

Fans convolution_fans(const Shape& shape, Layout layout, const Convolution& convolution) {
  const Axes axes = axes_of(shape, layout);
  const double stride = stride_of(convolution.stride, axes, shape);
  if (convolution.transposed) {
    return {shared(axes.inputs, convolution.groups, "groups", shape) * axes.taps / stride, axes.outputs * axes.taps};
  }
  return {axes.inputs * axes.taps, shared(axes.outputs, convolution.groups, "groups", shape) * axes.taps / stride};
}

Fans depthwise_fans(const Shape& shape, Layout layout, std::span<const std::size_t> stride) {
  const Axes axes = axes_of(shape, layout);
  return {axes.taps, axes.outputs * axes.taps / stride_of(stride, axes, shape)};
}

Fans fused_fans(const Shape& shape, Layout layout, std::size_t blocks) {
  const Axes axes = axes_of(shape, layout);
  return {axes.inputs * axes.taps, shared(axes.outputs, blocks, "blocks", shape) * axes.taps};
}

Fans einsum_fans(std::string_view equation, const Shape& shape) {
  const std::size_t comma = equation.find(',');
  const std::size_t arrow = equation.find("->");
  const auto letters = [](std::string_view part) {
    return std::all_of(part.begin(), part.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
  };
  if (comma == std::string_view::npos || arrow == std::string_view::npos || arrow < comma ||
      !letters(equation.substr(0, comma)) || !letters(equation.substr(comma + 1, arrow - comma - 1)) ||
      !letters(equation.substr(arrow + 2))) {
    fail("einsum '{}': the form 'btd,dhk->bthk' is wanted, the weight second", equation.substr(0, 40));
  }
  const std::string_view left = equation.substr(0, comma);
  const std::string_view weight = equation.substr(comma + 1, arrow - comma - 1);
  const std::string_view result = equation.substr(arrow + 2);
  if (weight.size() != shape.rank()) {
    fail("einsum '{}': its weight has {} axes, shape {} has {}", equation, weight.size(), shape.str(), shape.rank());
  }
  Fans fans{1, 1};
  for (std::size_t i = 0; i < weight.size(); ++i) {
    const bool in_left = left.find(weight[i]) != std::string_view::npos;
    const bool in_result = result.find(weight[i]) != std::string_view::npos;
    if (!in_left && !in_result) fail("einsum '{}': label {} of the weight is nowhere else", equation, weight[i]);
    if (weight.find(weight[i], i + 1) != std::string_view::npos) {
      fail("einsum '{}': label {} is twice in the weight", equation, weight[i]);
    }
    if (!in_result) fans.in *= static_cast<double>(shape[i]);
    if (!in_left) fans.out *= static_cast<double>(shape[i]);
  }
  return fans;
}

Fans embedding_fans(const Shape& shape) {
  want_table(shape);
  return {1, static_cast<double>(shape[1])};
}

Fans tied_embedding_fans(const Shape& shape) {
  want_table(shape);
  return {static_cast<double>(shape[1]), static_cast<double>(shape[0])};
}

Shape whole_shape(const Shape& shape, std::size_t axis, std::size_t parts) {
  if (axis >= shape.rank() || parts == 0) {
    fail(
        "part of a tensor: shape {} is to be one of {} parts along axis {}, allowed are 1 part or more and an axis "
        "that "
        "it has",
        shape.str(), parts, axis);
  }
  std::vector<std::size_t> extents(shape.begin(), shape.end());
  if (extents[axis] != 0 && parts > (std::size_t{1} << 62) / extents[axis]) {
    fail("part of a tensor: {} parts of shape {} do not fit in 62 bits", parts, shape.str());
  }
  extents[axis] *= parts;
  return Shape(std::span<const std::size_t>(extents));
}

}  // namespace fanin::init
