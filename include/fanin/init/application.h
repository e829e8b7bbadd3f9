#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/init/plan.h"

namespace fanin::init {

/// Whether this build fills raw memory with NaN when it is bound, so that whoever reads a parameter before it is
/// initialized sees it at once: true in builds without NDEBUG.
[[nodiscard]] bool poisons_raw_memory() noexcept;

/// A plan being carried out on memory: every parameter exactly once.
///
/// A parameter begins in the state that its spec says. Raw ones are bound to memory, filled, and initialized from then
/// on; loaded, tied and frozen ones are never written to. The values are float32 and depend on (seed, name, scheme,
/// shape, fans) alone, whatever the order, the threads and the other parameters: the stream of a parameter is
/// random::Stream(seed, name). Throws Error(usage) for each attempt to do a thing twice or to leave it out.
class Application {
 public:
  Application(Plan plan, std::uint64_t seed);

  /// Borrows the memory of a raw parameter, which must have as many numbers as its shape, until it is applied.
  void bind(std::string_view name, std::span<float> values);
  /// Fills one bound parameter.
  void apply(std::string_view name, ThreadPool& pool);
  /// Fills all that are raw. Throws before it writes anything if one is not bound.
  void apply(ThreadPool& pool);
  [[nodiscard]] State state(std::string_view name) const;
  /// Throws, naming the first parameter that is still raw.
  void require_complete() const;
  [[nodiscard]] const Plan& plan() const noexcept { return plan_; }

 private:
  [[nodiscard]] std::size_t index(std::string_view name) const;
  void fill_one(std::size_t i, ThreadPool& pool);

  Plan plan_;
  std::uint64_t seed_;
  struct Place {
    State state;
    bool bound = false;
    std::span<float> values{};
  };
  std::vector<Place> places_;  // one for each entry of the plan
};

}  // namespace fanin::init
