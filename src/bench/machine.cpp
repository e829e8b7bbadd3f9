#include "fanin/bench/machine.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string_view>
#include <vector>

#include "fanin/bench/timing.h"
#include "fanin/core/buffer.h"
#include "fanin/core/simd.h"
#include "fanin/core/text.h"

#include "bench/peak.h"

namespace fanin::bench {
namespace {

constexpr std::size_t kRounds = 9;

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos && line.starts_with("model name")) {
      return std::string(trimmed(std::string_view(line).substr(colon + 1)));
    }
  }
  return {};
}

/// As many rounds of `run` as take about `seconds`.
std::size_t rounds_for(double (*run)(std::size_t), double seconds) {
  using Clock = std::chrono::steady_clock;
  for (std::size_t rounds = 1000;; rounds *= 4) {
    const Clock::time_point start = Clock::now();
    (void)run(rounds);
    const double spent = std::chrono::duration<double>(Clock::now() - start).count();
    if (spent > 1e-4)
      return std::max<std::size_t>(1, static_cast<std::size_t>(static_cast<double>(rounds) * seconds / spent));
  }
}

/// One run of all threads, each as long as `seconds` of it alone.
class Peak {
 public:
  Peak(double (*run)(std::size_t), double seconds)
      : run_(run), rounds_(rounds_for(run, seconds)), flops_(run(1) * static_cast<double>(rounds_)) {}

  [[nodiscard]] Rate rate(std::size_t threads, ThreadPool& pool, std::size_t times) const {
    const Timing t = measure(times, 0, [&] {
      if (threads == 1) {
        (void)run_(rounds_);
      } else {
        pool.run(threads, [&](std::size_t) { (void)run_(rounds_); });
      }
    });
    const double total = flops_ * static_cast<double>(threads) / 1e9;
    return {threads, total / t.median, total / t.best};
  }

 private:
  double (*run_)(std::size_t);
  std::size_t rounds_;
  double flops_;
};

std::vector<Rate> rates(double (*run)(std::size_t), ThreadPool& pool) {
  std::vector<Rate> all;
  if (run(1) == 0) return all;
  const Peak peak(run, 0.01);
  all.push_back(peak.rate(1, pool, kRounds));
  if (pool.threads() > 1) all.push_back(peak.rate(pool.threads(), pool, kRounds));
  return all;
}

std::vector<Rate> store_rates(Buffer<float>& memory, ThreadPool& pool) {
  constexpr std::size_t kPiece = 64 * 1024;
  const double gigabytes = static_cast<double>(memory.size() * sizeof(float)) / 1e9;
  const auto store = [&](std::size_t piece) { detail::store_all(memory.data() + piece * kPiece, kPiece); };
  std::vector<Rate> all;
  const Timing one = measure(kRounds, 0, [&] {
    for (std::size_t piece = 0; piece < memory.size() / kPiece; ++piece) store(piece);
  });
  all.push_back({1, gigabytes / one.median, gigabytes / one.best});
  if (pool.threads() > 1) {
    const Timing t = measure(kRounds, 0, [&] { pool.run(memory.size() / kPiece, store); });
    all.push_back({pool.threads(), gigabytes / t.median, gigabytes / t.best});
  }
  return all;
}

double rate_now(double (*run)(std::size_t), ThreadPool& pool) {
  return run(1) == 0 ? 0 : Peak(run, 4e-3).rate(pool.threads(), pool, 3).median;
}

}  // namespace

Machine measure_machine(ThreadPool& pool) {
  Machine m;
  m.processor = processor_name();
  m.cores = ThreadPool(0).threads();
  m.simd = simd::target();
  m.fp32_gflops = rates(detail::run_fp32_peak, pool);
  m.bf16_gflops = rates(detail::run_bf16_peak, pool);
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  Buffer<float> memory(128 * kMiB / sizeof(float));
  std::fill_n(memory.data(), memory.size(), 1.0F);
  for (const std::size_t bytes : {kMiB / 64, kMiB / 2, 4 * kMiB, 128 * kMiB}) {
    // Often enough that reading the clock costs nothing.
    const std::size_t times = std::max<std::size_t>(1, 16 * kMiB / bytes);
    const Timing t = measure(kRounds, 0, [&] {
      for (std::size_t i = 0; i < times; ++i) detail::read_all(memory.data(), bytes / sizeof(float));
    });
    const double gigabytes = static_cast<double>(times * bytes) / 1e9;
    m.read.push_back({bytes, gigabytes / t.median, gigabytes / t.best});
  }
  m.store = store_rates(memory, pool);
  return m;
}

double fp32_gflops_now(ThreadPool& pool) {
  return rate_now(detail::run_fp32_peak, pool);
}

double bf16_gflops_now(ThreadPool& pool) {
  return rate_now(detail::run_bf16_peak, pool);
}

}  // namespace fanin::bench
