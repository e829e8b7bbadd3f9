#pragma once

#include <cstdint>
#include <span>

#include "fanin/core/shape.h"
#include "fanin/core/thread_pool.h"
#include "fanin/init/fans.h"
#include "fanin/init/scheme.h"
#include "fanin/random/stream.h"

namespace fanin::init {

/// Fills the row-major tensor `out` of `shape` by `scheme`. Everything random comes from `stream`: the bits depend on
/// (scheme, shape, fans, stream) alone, not on threads or machine. A tensor without elements is left alone.
/// `orthogonal` takes about 18 bytes of working memory an element, for a moment.
/// Throws Error(usage) if out.size() != shape.elements(), for a shape that the scheme cannot fill (identity and sparse
/// want rank 2, orthogonal at least 2, dirac at least 3), and for a fan that is not above 0.
void fill(const Scheme& scheme, const Shape& shape, Fans fans, const random::Stream& stream, std::span<float> out,
          ThreadPool& pool);

/// Elements first .. first + out.size() - 1 of what fill() makes, the same bits, without the rest of the tensor.
/// Throws as fill(), Error(usage) for a range that leaves the tensor, and Error(unsupported) for a scheme that is not
/// elementwise().
void fill_range(const Scheme& scheme, const Shape& shape, Fans fans, const random::Stream& stream, std::uint64_t first,
                std::span<float> out);

}  // namespace fanin::init
