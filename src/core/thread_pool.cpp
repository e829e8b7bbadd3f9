#include "fanin/core/thread_pool.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
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
  // What is left of one thread's tasks in a run: the run's number in the upper half, the count in the lower one. In
  // one word, so that a claim for a run that is over cannot succeed.
  struct alignas(64) Share {
    std::atomic<std::uint64_t> left{0};
  };

  std::size_t threads = 1;
  std::vector<std::thread> workers;
  std::vector<Share> shares;
  std::mutex one_run;

  // Stable while any task of the run is unfinished; a successful claim shows that one is.
  const FunctionRef<void(std::size_t)>* task = nullptr;
  std::size_t count = 0;
  alignas(64) std::atomic<std::uint32_t> generation{0};
  alignas(64) std::atomic<std::size_t> unfinished{0};
  std::atomic<bool> stop{false};

  std::mutex sleep_mutex;
  std::condition_variable wake;
  std::atomic<int> sleepers{0};
  bool spin = true;

  std::mutex failure_mutex;
  std::exception_ptr failure;
  std::size_t failed_task = std::numeric_limits<std::size_t>::max();

  // Runs what is left of the share of `owner` in run `run`, front to back.
  void run_share(std::size_t owner, std::uint32_t run) {
    std::atomic<std::uint64_t>& left = shares[owner].left;
    std::uint64_t word = left.load(std::memory_order_acquire);
    while (word >> 32 == run && (word & 0xFFFFFFFFU) != 0) {
      if (!left.compare_exchange_weak(word, word - 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      run_task((owner + 1) * count / threads - (word & 0xFFFFFFFFU));
      unfinished.fetch_sub(1, std::memory_order_acq_rel);
      word = left.load(std::memory_order_acquire);
    }
  }

  void run_task(std::size_t i) {
    try {
      (*task)(i);
    } catch (...) {
      const std::lock_guard lock(failure_mutex);
      if (i < failed_task) {
        failed_task = i;
        failure = std::current_exception();
      }
    }
  }

  // Its own share first; then those of others, who may not even have a core at the moment.
  void take_part(std::size_t thread, std::uint32_t run) {
    inside_task = true;
    for (std::size_t t = 0; t < threads; ++t) run_share((thread + t) % threads, run);
    inside_task = false;
  }

  // The number of a run after `seen`.
  std::uint32_t wait_for_work(std::uint32_t seen) {
    for (int spins = spin ? kSpins : 0; spins > 0; --spins) {
      const std::uint32_t now = generation.load(std::memory_order_acquire);
      if (now != seen) return now;
      relax();
    }
    std::unique_lock lock(sleep_mutex);
    sleepers.fetch_add(1);
    wake.wait(lock, [&] { return generation.load() != seen; });
    sleepers.fetch_sub(1);
    return generation.load();
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
    std::uint32_t run = 0;
    while (true) {
      run = wait_for_work(run);
      if (stop.load()) return;
      take_part(thread, run);
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
  state_->shares = std::vector<State::Share>(state_->threads);
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
  } catch (...) {
    state_->stop_workers();
    throw;
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
  constexpr std::size_t kMaxTasks = std::size_t{1} << 31;
  if (count > kMaxTasks) {
    run(kMaxTasks, task);
    const auto rest = [&](std::size_t i) { task(kMaxTasks + i); };
    return run(count - kMaxTasks, rest);
  }
  std::unique_lock only(s.one_run, std::defer_lock);
  if (inside_task || s.threads == 1 || count == 1 || !only.try_lock()) {
    for (std::size_t i = 0; i < count; ++i) task(i);
    return;
  }
  s.task = &task;
  s.count = count;
  s.failure = nullptr;
  s.failed_task = std::numeric_limits<std::size_t>::max();
  s.unfinished.store(count, std::memory_order_relaxed);
  const std::uint32_t run = s.generation.load(std::memory_order_relaxed) + 1;
  for (std::size_t t = 0; t < s.threads; ++t) {
    const std::uint64_t share = (t + 1) * count / s.threads - t * count / s.threads;
    s.shares[t].left.store(std::uint64_t{run} << 32 | share, std::memory_order_release);
  }
  s.announce();
  s.take_part(0, run);
  int spins = s.spin ? kSpins : 0;
  while (s.unfinished.load(std::memory_order_acquire) != 0) {
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
