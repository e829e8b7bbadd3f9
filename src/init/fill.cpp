#include "fanin/init/fill.h"

#include <fmt/format.h>

#include "fanin/core/error.h"

#include "init/rule.h"

namespace fanin::init {

void fill(const Scheme& scheme, const Shape& shape, Fans fans, const random::Stream& stream, std::span<float> out,
          ThreadPool& pool) {
  const detail::Rule& rule = scheme.rule();
  rule.check(shape);
  if (out.size() != shape.elements()) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("{}: tensor {} has {} elements, memory for {} given", scheme.str(), shape.str(),
                            shape.elements(), out.size()));
  }
  rule.fill(shape, fans, stream, out, pool);
}

void fill_range(const Scheme& scheme, const Shape& shape, Fans fans, const random::Stream& stream, std::uint64_t first,
                std::span<float> out) {
  const detail::Rule& rule = scheme.rule();
  rule.check(shape);
  if (first > shape.elements() || out.size() > shape.elements() - first) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("{}: elements {} to {} of tensor {} wanted, it has {}", scheme.str(), first,
                            first + out.size(), shape.str(), shape.elements()));
  }
  if (!rule.elementwise()) {
    throw Error(ErrorKind::unsupported, "init",
                fmt::format("{}: a part of the tensor cannot be had without the whole", scheme.str()));
  }
  rule.elements(shape, fans)(stream, first, out);
}

}  // namespace fanin::init
