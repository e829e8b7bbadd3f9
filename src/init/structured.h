#pragma once

#include <cstdint>
#include <span>

#include "fanin/core/shape.h"
#include "fanin/core/thread_pool.h"
#include "fanin/random/stream.h"

#include "init/rule.h"

namespace fanin::init {

/// Elements first .. of the identity [rows, cols] times gain.
void fill_identity(const detail::Rule& rule, const Shape& shape, std::uint64_t first, std::span<float> out);
/// Elements first .. of the convolution that passes each channel unchanged.
void fill_dirac(const detail::Rule& rule, const Shape& shape, std::uint64_t first, std::span<float> out);
/// Q of a matrix of independent normals; the normals are elements of `stream` in row-major order of the taller form.
void fill_orthogonal(const detail::Rule& rule, const Shape& shape, const random::Stream& stream, std::span<float> out,
                     ThreadPool& pool);
/// Normals from child 0 of `stream`; the zeros of column c from child c of its child 1.
void fill_sparse(const detail::Rule& rule, const Shape& shape, const random::Stream& stream, std::span<float> out,
                 ThreadPool& pool);

}  // namespace fanin::init
