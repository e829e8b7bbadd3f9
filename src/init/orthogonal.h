#pragma once

#include "init/rule.h"

namespace fanin::init {

/// gain times a Haar distributed matrix with orthonormal rows or columns, whichever are fewer: reflections of
/// independent normals, which are the elements of `stream` in row-major order of the taller form.
void fill_orthogonal(std::size_t rows, std::size_t cols, double gain, const random::Stream& stream,
                     std::span<float> out, ThreadPool& pool);

}  // namespace fanin::init
