#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fanin/init/plan.h"
#include "fanin/init/shard.h"
#include "fanin/io/model_files.h"

namespace fanin::io {

/// One tensor of a plan's file: of which entry, and which part of it.
struct PlanTensor {
  const init::PlanEntry* entry;  ///< of the plan, which outlives this
  Shape shape;                   ///< of the part
  DType dtype;
  init::ElementRange elements;
  std::span<const std::byte> copied{};  ///< the bytes of a parameter that no rule makes
};

/// What write_plan() writes, in the order of the plan. Throws as it does.
[[nodiscard]] std::vector<PlanTensor> plan_tensors(const init::Plan& plan, const init::Shard& shard,
                                                   const ModelFiles* loaded);

[[nodiscard]] std::uint64_t bytes_of(const PlanTensor& tensor);

}  // namespace fanin::io
