#include "fanin/bench/timing.h"

#include <algorithm>

namespace fanin::bench {

Timing summary(std::vector<double> seconds) {
  if (seconds.empty()) return {};
  std::sort(seconds.begin(), seconds.end());
  const std::size_t n = seconds.size();
  const double median = n % 2 == 1 ? seconds[n / 2] : (seconds[n / 2 - 1] + seconds[n / 2]) / 2;
  return {median, seconds.front()};
}

}  // namespace fanin::bench
