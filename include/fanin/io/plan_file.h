#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/init/plan.h"
#include "fanin/init/shard.h"
#include "fanin/io/certificate.h"
#include "fanin/io/model_files.h"
#include "fanin/io/safetensors.h"

namespace fanin::io {

struct PlanFileOptions {
  std::uint64_t seed = 0;
  init::Shard shard{};                            ///< the part to write
  const ModelFiles* loaded = nullptr;             ///< where loaded and frozen parameters are; borrowed
  std::map<std::string, std::string> metadata{};  ///< besides those of the plan
  /// Called with the bytes made so far, of all; whatever it throws ends the writing, an existing file stays.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress{};
};

/// Writes the values of a plan as safetensors, through AtomicFile and without a copy of the model in memory: each
/// tensor is made in pieces while it is written (init::produce()).
///
/// Raw parameters are made; loaded and frozen ones are copied byte for byte from `loaded`; tied ones are left out, as
/// their memory is their partner's. Of a shard every tensor has its rows alone (init::Shard), so that the shards'
/// tensors, joined along the first axis, are the whole's byte by byte. Same plan, seed and shard, same bytes, for any
/// number of threads. Metadata: `fanin.version`, `fanin.seed`, `fanin.shard` for a part, `format` = `pt`, and the
/// Certificate, whose checksums are taken while the tensors are written (before it, by making them twice, where `path`
/// is a device or a pipe, which takes no byte back).
///
/// Throws Error(usage) for a loaded or frozen parameter without `loaded`, or whose bytes cannot be cut into rows,
/// Error(data) for one that is missing there or has another shape, and as write_safetensors() does. Gives the
/// certificate.
Certificate write_plan(const std::filesystem::path& path, const init::Plan& plan, const PlanFileOptions& options,
                       ThreadPool& pool);

}  // namespace fanin::io
