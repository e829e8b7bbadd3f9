// Fills a matrix with fanin's schemes. Prints one JSON line a scheme: seconds of each repetition, moments.
//
// usage: fanin_fill ROWS COLS REPETITIONS THREADS SCHEME...
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "fanin/core/buffer.h"
#include "fanin/core/thread_pool.h"
#include "fanin/init/fill.h"

namespace {

void measure(const char* name, const fanin::Shape& shape, int repetitions, fanin::ThreadPool& pool) {
  const fanin::init::Scheme scheme = fanin::init::Scheme::parse(name);
  fanin::Buffer<float> w(shape.elements());
  const auto fans = fanin::init::linear_fans(shape);
  const auto fill = [&](int seed) {
    const fanin::random::Stream stream(static_cast<std::uint64_t>(seed), "weight");
    fanin::init::fill(scheme, shape, fans, stream, w.span(), pool);
  };
  fill(0);
  std::string seconds;
  for (int r = 1; r <= repetitions; ++r) {
    const auto start = std::chrono::steady_clock::now();
    fill(r);
    const double s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    seconds += (seconds.empty() ? "" : ", ") + std::to_string(s);
  }
  double sum = 0;
  double squares = 0;
  for (const float v : w.span()) {
    sum += static_cast<double>(v);
    squares += static_cast<double>(v) * static_cast<double>(v);
  }
  const auto n = static_cast<double>(w.size());
  const double mean = sum / n;
  std::printf(R"({"scheme": "%s", "seconds": [%s], "mean": %.9g, "std": %.9g})"
              "\n",
              name, seconds.c_str(), mean, std::sqrt(squares / n - mean * mean));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fprintf(stderr, "usage: fanin_fill ROWS COLS REPETITIONS THREADS SCHEME...\n");
    return 2;
  }
  const fanin::Shape shape{static_cast<std::size_t>(std::atoll(argv[1])),
                           static_cast<std::size_t>(std::atoll(argv[2]))};
  fanin::ThreadPool pool(static_cast<std::size_t>(std::atoll(argv[4])));
  for (int i = 5; i < argc; ++i) measure(argv[i], shape, std::atoi(argv[3]), pool);
  return 0;
}
