#include "fanin/init/fill.h"

#include <fmt/format.h>

#include <algorithm>

#include "fanin/core/error.h"
#include "fanin/random/distributions.h"

#include "init/structured.h"

namespace fanin::init {
namespace {

using detail::Kind;
using detail::Rule;

constexpr std::size_t kGrain = 1 << 15;

void fill_law(const Law& law, const random::Stream& stream, std::uint64_t first, std::span<float> out) {
  switch (law.kind) {
    case Law::Kind::constant:
      std::fill(out.begin(), out.end(), static_cast<float>(law.mean_or_low));
      break;
    case Law::Kind::uniform:
      random::fill_uniform(stream, first, out, law.mean_or_low, law.std_or_high);
      break;
    case Law::Kind::normal:
      random::fill_normal(stream, first, out, law.mean_or_low, law.std_or_high);
      break;
    case Law::Kind::truncated_normal:
      random::fill_truncated_normal(stream, first, out, law.mean_or_low, law.std_or_high, law.low, law.high);
      break;
  }
}

void fill_part(const Rule& rule, const Law& law, const Shape& shape, const random::Stream& stream, std::uint64_t first,
               std::span<float> out) {
  switch (rule.kind) {
    case Kind::identity:
      fill_identity(rule, shape, first, out);
      break;
    case Kind::dirac:
      fill_dirac(rule, shape, first, out);
      break;
    default:
      fill_law(law, stream, first, out);
      break;
  }
}

}  // namespace

void fill(const Scheme& scheme, const Shape& shape, Fans fans, const random::Stream& stream, std::span<float> out,
          ThreadPool& pool) {
  const Rule& rule = scheme.rule();
  check_shape(rule, shape);
  if (out.size() != shape.elements()) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("{}: tensor {} has {} elements, memory for {} given", scheme.str(), shape.str(),
                            shape.elements(), out.size()));
  }
  if (rule.kind == Kind::orthogonal) return fill_orthogonal(rule, shape, stream, out, pool);
  if (rule.kind == Kind::sparse) return fill_sparse(rule, shape, stream, out, pool);
  const Law law = law_of(rule, shape, fans);
  parallel_for(pool, out.size(), kGrain, [&](std::size_t first, std::size_t last) {
    fill_part(rule, law, shape, stream, first, out.subspan(first, last - first));
  });
}

void fill_range(const Scheme& scheme, const Shape& shape, Fans fans, const random::Stream& stream, std::uint64_t first,
                std::span<float> out) {
  const Rule& rule = scheme.rule();
  check_shape(rule, shape);
  if (first > shape.elements() || out.size() > shape.elements() - first) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("{}: elements {} to {} of tensor {} wanted, it has {}", scheme.str(), first,
                            first + out.size(), shape.str(), shape.elements()));
  }
  if (!scheme.elementwise()) {
    throw Error(ErrorKind::unsupported, "init",
                fmt::format("{}: a part of the tensor cannot be had without the whole", scheme.str()));
  }
  fill_part(rule, law_of(rule, shape, fans), shape, stream, first, out);
}

}  // namespace fanin::init
