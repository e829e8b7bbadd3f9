#include "fanin/init/produce.h"

#include <fmt/format.h>

#include <algorithm>

#include "fanin/core/buffer.h"
#include "fanin/core/error.h"
#include "fanin/init/fill.h"

namespace fanin::init {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 22;  // elements handed over at once
constexpr std::size_t kGrain = std::size_t{1} << 15;  // elements a task makes

}  // namespace

void produce(const Plan& plan, const PlanEntry& entry, std::uint64_t seed, ElementRange range, ThreadPool& pool,
             FunctionRef<void(std::span<const std::byte>)> sink) {
  const ParameterSpec& p = entry.parameter;
  const Scheme* scheme = plan.scheme(entry);
  if (scheme == nullptr) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("parameter '{}' is {}: no rule makes its values", p.name, to_string(p.state)));
  }
  if (range.first > p.shape.elements() || range.count > p.shape.elements() - range.first) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("parameter '{}' {}: {} elements from {} wanted, it has {}", p.name, p.shape.str(),
                            range.count, range.first, p.shape.elements()));
  }
  const random::Stream stream(seed, p.name);
  Buffer<float> whole(scheme->elementwise() ? 0 : p.shape.elements());
  if (!scheme->elementwise()) fill(*scheme, p.shape, p.fans, stream, whole.span(), pool);
  const std::size_t piece = std::min<std::uint64_t>(range.count, kPiece);
  const std::size_t width = float_bytes(p.dtype);
  const bool direct = p.dtype == FloatType::f32;
  Buffer<float> values(scheme->elementwise() ? piece : 0);
  Buffer<std::byte> bytes(direct ? 0 : piece * width);
  for (std::uint64_t done = 0; done < range.count; done += piece) {
    const std::size_t n = std::min<std::uint64_t>(piece, range.count - done);
    const std::uint64_t first = range.first + done;
    const std::span<float> numbers = scheme->elementwise() ? values.span().first(n) : whole.span().subspan(first, n);
    parallel_for(pool, n, kGrain, [&](std::size_t from, std::size_t to) {
      const std::span<float> part = numbers.subspan(from, to - from);
      if (scheme->elementwise()) fill_range(*scheme, p.shape, p.fans, stream, first + from, part);
      if (!direct) encode(p.dtype, part, bytes.span().subspan(from * width, part.size() * width));
    });
    sink(direct ? std::as_bytes(numbers) : std::span<const std::byte>(bytes.span().first(n * width)));
  }
}

}  // namespace fanin::init
