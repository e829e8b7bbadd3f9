#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "fanin/core/matrix_view.h"
#include "fanin/core/thread_pool.h"
#include "fanin/random/stream.h"

namespace fanin::init {

struct KMeans {
  std::vector<float> centers;          ///< [k, cols]
  std::vector<std::uint32_t> nearest;  ///< of each row, the first of equals
  std::size_t rounds = 0;
  bool converged = false;  ///< no row changed its centre in the last round
};

/// Lloyd's algorithm from these centres [k, cols]: rows go to their nearest centre and centres to the mean of their
/// rows, at most `rounds` times. A centre that has no rows becomes the row that is farthest from its own. All sums have
/// a fixed order: the bits do not depend on the threads.
[[nodiscard]] KMeans lloyd(MatrixView<const float> x, std::vector<float> centers, ThreadPool& pool,
                           std::size_t rounds = 100);

/// The same from k-means++ (Arthur & Vassilvitskii 2007): the first centre is a random row, each other one a row drawn
/// with a probability proportional to its squared distance from the nearest centre so far. Throws Error(numeric), with
/// `place` before it, for fewer than k different rows.
[[nodiscard]] KMeans k_means(MatrixView<const float> x, std::size_t k, std::string_view place,
                             const random::Stream& stream, ThreadPool& pool, std::size_t rounds = 100);

}  // namespace fanin::init
