#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fanin/core/function_ref.h"
#include "fanin/core/thread_pool.h"
#include "fanin/data/dataset.h"
#include "fanin/nn/network.h"

namespace fanin::train {

/// Rows that one task carries through the network: enough for the kernels, few enough to stay in the cache.
inline constexpr std::size_t kForwardRows = 50;

/// Rows [first, first + count) of `workspace` are samples indices[sample], ..., and have been through the network.
/// `place` numbers the rows' part of the workspace: no other task has the same at the same time.
struct ForwardRows {
  nn::Workspace& workspace;
  std::size_t sample = 0;
  std::size_t first = 0;
  std::size_t count = 0;
  std::size_t place = 0;
};

/// How many places forward_all() uses for so many samples.
[[nodiscard]] std::size_t forward_places(std::size_t samples);

/// Runs samples `indices` through the network, not in training, and hands them to `done` on the pool's threads.
void forward_all(const nn::Network& network, const data::Dataset& data, std::span<const std::uint32_t> indices,
                 data::PixelRange range, ThreadPool& pool, FunctionRef<void(const ForwardRows& rows)> done);

}  // namespace fanin::train
