#include "train/forward.h"

#include <algorithm>

namespace fanin::train {

std::size_t forward_places(std::size_t samples) {
  // Pieces in flight; a workspace has room for all of them.
  constexpr std::size_t kMost = 32;
  return std::min(kMost, (samples + kForwardRows - 1) / kForwardRows);
}

void forward_all(const nn::Network& network, const data::Dataset& data, std::span<const std::uint32_t> indices,
                 data::PixelRange range, ThreadPool& pool, FunctionRef<void(const ForwardRows& rows)> done) {
  const std::size_t room = forward_places(indices.size()) * kForwardRows;
  nn::Workspace w = network.workspace(room, false);
  const nn::Pass pass;
  for (std::size_t begin = 0; begin < indices.size(); begin += room) {
    const std::size_t batch = std::min(room, indices.size() - begin);
    parallel_for(pool, batch, kForwardRows, [&](std::size_t first, std::size_t end) {
      const std::size_t n = end - first;
      data.gather(indices.subspan(begin + first, n), w.values(0, first, n), range);
      network.forward(pass, w, first, n);
      done({w, begin + first, first, n, first / kForwardRows});
    });
  }
}

}  // namespace fanin::train
