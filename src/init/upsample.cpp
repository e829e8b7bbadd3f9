#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "fanin/core/error.h"

#include "init/definitions.h"

namespace fanin::init {
namespace {

// The triangle filter of an axis: 1 - |i / f - c|, f = ceil(k / 2), c = (k - 1) / (2 f).
std::vector<double> triangle(std::size_t taps) {
  const std::size_t half = (taps + 1) / 2;
  const auto f = static_cast<double>(half);
  const double c = (static_cast<double>(taps) - 1) / (2 * f);
  std::vector<double> weights(taps);
  for (std::size_t i = 0; i < taps; ++i) weights[i] = 1 - std::abs(static_cast<double>(i) / f - c);
  return weights;
}

struct Bilinear {
  static constexpr bool kExact = true;
  bool all_pairs;

  void check(const Shape& shape) const { want_rank("bilinear", shape, 3); }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const {
    return measured(elements(shape, fans), shape.elements());
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans) const {
    std::vector<float> kernel;
    std::vector<double> product = {1};
    for (std::size_t axis = 2; axis < shape.rank(); ++axis) {
      std::vector<double> wider;
      for (const double outer : product) {
        for (const double w : triangle(shape[axis])) wider.push_back(outer * w);
      }
      product = std::move(wider);
    }
    for (const double w : product) kernel.push_back(static_cast<float>(w));
    return [kernel, pairs = std::uint64_t{shape[1]}, everywhere = all_pairs](const random::Stream&, std::uint64_t first,
                                                                             std::span<float> out) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        const std::uint64_t place = (first + i) / kernel.size();
        const bool set = everywhere || place / pairs % pairs == place % pairs;
        out[i] = set ? kernel[(first + i) % kernel.size()] : 0.0f;
      }
    };
  }
  friend bool operator==(const Bilinear&, const Bilinear&) = default;
};

// Equal by the meaning of the scheme inside.
struct Icnr {
  RulePtr inside;
  double scale;

  [[nodiscard]] std::uint64_t copies(const Shape& shape) const {
    std::uint64_t n = 1;
    for (std::size_t axis = 2; axis < shape.rank(); ++axis) n *= static_cast<std::uint64_t>(scale);
    return n;
  }
  [[nodiscard]] Shape small(const Shape& shape) const {
    std::vector<std::size_t> extents(shape.begin(), shape.end());
    extents[0] /= copies(shape);
    return Shape(std::span<const std::size_t>(extents));
  }
  void check(const Shape& shape) const {
    want_rank("icnr", shape, 3, 5);
    if (shape[0] % copies(shape) != 0) {
      throw Error(ErrorKind::usage, "init",
                  fmt::format("icnr: tensor {} has {} outputs, a multiple of scale^{} = {} is wanted", shape.str(),
                              shape[0], shape.rank() - 2, copies(shape)));
    }
    inside->check(small(shape));
  }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const { return inside->expected(small(shape), fans); }
  [[nodiscard]] bool elementwise() const noexcept { return inside->elementwise(); }
  // Each row of the tensor is one row of the small one.
  [[nodiscard]] Elements elements(const Shape& shape, Fans fans) const {
    return [elements = inside->elements(small(shape), fans), n = copies(shape),
            row = std::uint64_t{shape.elements() / std::max<std::size_t>(shape[0], 1)}](
               const random::Stream& stream, std::uint64_t first, std::span<float> out) {
      while (!out.empty()) {
        const std::size_t count = std::min<std::size_t>(row - first % row, out.size());
        elements(stream, first / row / n * row + first % row, out.first(count));
        first += count;
        out = out.subspan(count);
      }
    };
  }
  void whole(const Shape& shape, Fans fans, const random::Stream& stream, std::span<float> out,
             ThreadPool& pool) const {
    const Shape part = small(shape);
    std::vector<float> values(part.elements());
    inside->fill(part, fans, stream, values, pool);
    if (out.empty()) return;
    const std::size_t row = out.size() / shape[0];
    for (std::size_t r = 0; r < shape[0]; ++r) {
      std::copy_n(values.data() + r / copies(shape) * row, row, out.data() + r * row);
    }
  }
  friend bool operator==(const Icnr& a, const Icnr& b) noexcept {
    return a.scale == b.scale && a.inside->equals(*b.inside);
  }
};

}  // namespace

std::vector<Definition> upsample_definitions() {
  return {
      {"bilinear",
       {},
       {choice("pairs", "matching", {"matching", "all"})},
       [](Arguments a) { return make_rule(Bilinear{a[0].choice == 1}); },
       "W[a, b, i, j, ...] = t(i) t(j) ..., t(i) = 1 - |i / f - (k - 1) / (2 f)|, f = ceil(k / 2), where channel a is "
       "b "
       "(a mod shape[1] = b: depthwise kernels [C, 1, ...] whole), 0 elsewhere; pairs=all sets every pair; rank 3 or "
       "more",
       "Long et al. 2015, section 3.3; pairs=all is Caffe's bilinear filler"},
      {"icnr",
       {},
       {scheme("inside", "kaiming_normal"), integer("scale", "2", {1, 64})},
       [](Arguments a) {
         return make_rule(Icnr{a[0].scheme, a[1].number});
       },
       "W[o] = V[o / scale^d], V [out / scale^d, in, ...] filled by the scheme inside with the fans of W: a pixel "
       "shuffle of W begins as nearest-neighbour upsampling; d spatial axes, rank 3 to 5",
       "Aitken et al. 2017"},
  };
}

}  // namespace fanin::init
