#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

namespace fanin::bench {

/// Seconds of one piece of work, measured several times.
struct Timing {
  double median = 0;
  double best = 0;
};

/// Median and minimum; zeros for no times.
[[nodiscard]] Timing summary(std::vector<double> seconds);

/// Runs `work` `rounds` times after one run that does not count; each time as often as fills `at_least` seconds.
template <typename Work>
[[nodiscard]] Timing measure(std::size_t rounds, double at_least, Work&& work) {
  using Clock = std::chrono::steady_clock;
  work();
  std::vector<double> seconds;
  for (std::size_t r = 0; r < rounds; ++r) {
    const Clock::time_point start = Clock::now();
    std::size_t times = 0;
    double spent = 0;
    do {
      work();
      ++times;
      spent = std::chrono::duration<double>(Clock::now() - start).count();
    } while (spent < at_least);
    seconds.push_back(spent / static_cast<double>(times));
  }
  return summary(std::move(seconds));
}

}  // namespace fanin::bench
