#pragma once

#include <cstddef>
#include <memory>

#include "fanin/core/error.h"
#include "fanin/core/function_ref.h"

namespace fanin {

/// A fixed team of threads that runs numbered tasks.
///
/// A task writes what no other task of the run writes, and what it computes does not depend on who runs it or when: so
/// results are the same bits for 1, 2 or N threads. Thread t of T begins
/// with the tasks [t * n / T, (t + 1) * n / T), always the same ones, so that what it wrote last time is still in its
/// cache; a thread that is done takes over what others have not begun, so that one without a core holds up nobody for
/// longer than a task. Threads without a run spin for some microseconds and sleep after that; the
/// caller of run() does not sleep, it yields.
class ThreadPool {
 public:
  /// A team of `threads` threads, the caller of run() among them. 0 means one for each core that the process may
  /// use. Throws Error(usage) above 1024, Error(unsupported) when the system gives no more threads.
  explicit ThreadPool(std::size_t threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] std::size_t threads() const noexcept;

  /// Calls task(0) .. task(count - 1), each once, and returns when all are done. Allocates nothing.
  /// When tasks throw, the exception of the lowest-numbered one is rethrown here; whether others ran is not said.
  /// A run() from inside a task, or while another thread uses the pool, runs in the calling thread.
  void run(std::size_t count, FunctionRef<void(std::size_t)> task);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Calls body(first, last) for consecutive ranges of `grain` items that cover [0, items): one task each. The last
/// range may be shorter. Throws Error(usage) for a grain of 0.
template <typename Body>
void parallel_for(ThreadPool& pool, std::size_t items, std::size_t grain, Body&& body) {
  if (grain == 0) throw Error(ErrorKind::usage, "threads", "parallel_for with a grain of 0, at least 1 is allowed");
  const std::size_t tasks = items / grain + (items % grain == 0 ? 0 : 1);
  pool.run(tasks, [&](std::size_t task) {
    const std::size_t first = task * grain;
    const std::size_t last = items - first < grain ? items : first + grain;
    body(first, last);
  });
}

}  // namespace fanin
