#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fanin/core/matrix_view.h"
#include "fanin/core/thread_pool.h"
#include "fanin/rbm/rbm.h"

namespace fanin::rbm {

/// Gibbs sampling: `steps` times h ~ p(h | v), v ~ p(v | h) for every row of `v` [n, V]. `v` ends as samples, `means`
/// [n, V] as the means that the last samples were drawn from (less noisy to look at); with 0 steps both are what v was.
///
/// Visible units whose place in `clamped` [V] is not 0 keep their values: known pixels of a picture, a label. Empty
/// clamps none. Row r draws by elements r H + j and r V + i of streams of (seed, step): the same bits for any number of
/// threads. Throws Error(usage) for views or a mask of another size.
void gibbs(const Rbm& rbm, std::size_t steps, std::uint64_t seed, MatrixView<float> v, MatrixView<float> means,
           std::span<const std::uint8_t> clamped, ThreadPool& pool);

}  // namespace fanin::rbm
