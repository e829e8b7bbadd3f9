#include "fanin/core/thread_pool.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <limits>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "fanin/core/error.h"

namespace fanin {
namespace {

constexpr std::size_t kMaxThreads = 1024;
// Long enough to bridge the gap between two parallel parts of a training step, short enough not to burn a core.
constexpr int kSpins = 20000;

std::size_t available_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return static_cast<std::size_t>(CPU_COUNT(&set));
  // More cores than a cpu_set_t holds.
  const unsigned n = std::thread::hardware_concurrency();
  return std::clamp<std::size_t>(n, 1, kMaxThreads);
}

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

thread_local bool inside_task = false;

}  // namespace

struct ThreadPool::State {
  std::size_t threads = 1;
  std::vector<std::thread> workers;
  std::mutex one_run;

  // One run: the task and its count are written before `generation` moves, and read after it is seen to move.
  const FunctionRef<void(std::size_t)>* task = nullptr;
  std::size_t count = 0;
  alignas(64) std::atomic<std::size_t> generation{0};
  alignas(64) std::atomic<std::size_t> finished{0};
  std::atomic<bool> stop{false};

  std::mutex sleep_mutex;
  std::condition_variable wake;
  std::atomic<int> sleepers{0};
  bool spin = true;

  std::mutex failure_mutex;
  std::exception_ptr failure;
  std::size_t failed_task = std::numeric_limits<std::size_t>::max();

  void run_share(std::size_t thread) {
    const std::size_t first = thread * count / threads;
    const std::size_t last = (thread + 1) * count / threads;
    inside_task = true;
    std::size_t i = first;
    try {
      for (; i < last; ++i) (*task)(i);
    } catch (...) {
      const std::lock_guard lock(failure_mutex);
      if (i < failed_task) {
        failed_task = i;
        failure = std::current_exception();
      }
    }
    inside_task = false;
  }

  void wait_for_work(std::size_t seen) {
    for (int spins = spin ? kSpins : 0; spins > 0; --spins) {
      if (generation.load(std::memory_order_acquire) != seen) return;
      relax();
    }
    std::unique_lock lock(sleep_mutex);
    sleepers.fetch_add(1);
    wake.wait(lock, [&] { return generation.load() != seen; });
    sleepers.fetch_sub(1);
  }

  void announce() {
    generation.fetch_add(1);
    if (sleepers.load() > 0) {
      // Taking the lock puts the change before or after a sleeper's last look, never in between.
      { const std::lock_guard lock(sleep_mutex); }
      wake.notify_all();
    }
  }

  void worker(std::size_t thread) {
    std::size_t seen = 0;
    while (true) {
      wait_for_work(seen);
      ++seen;
      if (stop.load()) return;
      run_share(thread);
      finished.fetch_add(1, std::memory_order_release);
    }
  }

  void stop_workers() {
    stop.store(true);
    announce();
    for (std::thread& w : workers) w.join();
  }
};

ThreadPool::ThreadPool(std::size_t threads) : state_(std::make_unique<State>()) {
  if (threads > kMaxThreads) {
    throw Error(ErrorKind::usage, "threads",
                fmt::format("{} given, allowed are 0 (all cores) to {}", threads, kMaxThreads));
  }
  const std::size_t cores = available_cores();
  state_->threads = threads == 0 ? cores : threads;
  // With more threads than cores a spinning thread only takes the core from one that has work.
  state_->spin = state_->threads <= cores;
  state_->workers.reserve(state_->threads - 1);
  try {
    for (std::size_t t = 1; t < state_->threads; ++t) {
      state_->workers.emplace_back([s = state_.get(), t] { s->worker(t); });
    }
  } catch (const std::system_error& e) {
    const std::size_t started = state_->workers.size() + 1;
    state_->stop_workers();
    throw Error(
        ErrorKind::unsupported, "threads",
        fmt::format("{} threads asked for, the system refused after {}: {}", state_->threads, started, e.what()));
  }
}

ThreadPool::~ThreadPool() {
  state_->stop_workers();
}

std::size_t ThreadPool::threads() const noexcept {
  return state_->threads;
}

void ThreadPool::run(std::size_t count, FunctionRef<void(std::size_t)> task) {
  State& s = *state_;
  std::unique_lock only(s.one_run, std::defer_lock);
  if (inside_task || s.threads == 1 || count == 1 || !only.try_lock()) {
    for (std::size_t i = 0; i < count; ++i) task(i);
    return;
  }
  s.task = &task;
  s.count = count;
  s.failure = nullptr;
  s.failed_task = std::numeric_limits<std::size_t>::max();
  s.finished.store(0, std::memory_order_relaxed);
  s.announce();
  s.run_share(0);
  int spins = s.spin ? kSpins : 0;
  while (s.finished.load(std::memory_order_acquire) != s.threads - 1) {
    if (spins > 0) {
      --spins;
      relax();
    } else {
      std::this_thread::yield();
    }
  }
  if (s.failure) std::rethrow_exception(std::exchange(s.failure, nullptr));
}

}  // namespace fanin
