#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fanin/core/function_ref.h"
#include "fanin/core/thread_pool.h"
#include "fanin/init/plan.h"
#include "fanin/init/shard.h"

namespace fanin::init {

/// Makes elements of a parameter of `plan` and hands their bytes, in the parameter's type, to `sink` in order, in
/// pieces of at most 16 MiB.
///
/// The bytes are those of the whole tensor at these places, for any range and any number of threads. An elementwise
/// scheme takes constant memory, whatever the size; another one takes the whole tensor in float32 for the duration of
/// the call (orthogonal the working memory of fill() besides). Throws Error(usage) for an entry without a rule and a
/// range that leaves the tensor; what `sink` throws ends it.
void produce(const Plan& plan, const PlanEntry& entry, std::uint64_t seed, ElementRange range, ThreadPool& pool,
             FunctionRef<void(std::span<const std::byte>)> sink);

}  // namespace fanin::init
