#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "fanin/core/thread_pool.h"

namespace fanin::bench {

/// A rate that was reached with so many threads.
struct Rate {
  std::size_t threads = 1;
  double median = 0;
  double best = 0;
};

/// How fast one thread reads memory of a size again and again.
struct Bandwidth {
  std::size_t bytes = 0;
  double median = 0;  ///< 10^9 bytes a second
  double best = 0;
};

/// What a machine reaches: the measures of everything else.
struct Machine {
  std::string processor;  ///< as it calls itself; empty where the system does not say
  std::size_t cores = 0;  ///< that this process may use
  std::string simd;       ///< the target in use, see core/simd.h
  /// 10^9 floating-point operations a second of independent fused multiply-adds, for 1 thread and for all of the pool.
  std::vector<Rate> fp32_gflops;
  /// The same of pairs of bfloat16 numbers; empty where the processor has no instruction for them.
  std::vector<Rate> bf16_gflops;
  std::vector<Bandwidth> read;
  /// 10^9 bytes a second of stores past the caches into 128 MiB, for 1 thread and for all of the pool: what filling a
  /// tensor could reach at most.
  std::vector<Rate> store;
};

/// Takes about two seconds. Nothing else should run meanwhile.
[[nodiscard]] Machine measure_machine(ThreadPool& pool);

/// The rates of Machine with all threads of the pool, in 10^9 operations a second, as they are at this moment: a
/// fiftieth of a second each, so that one can stand beside each measurement on a machine that changes its speed.
/// That of bfloat16 is 0 where there is no instruction.
[[nodiscard]] double fp32_gflops_now(ThreadPool& pool);
[[nodiscard]] double bf16_gflops_now(ThreadPool& pool);

}  // namespace fanin::bench
