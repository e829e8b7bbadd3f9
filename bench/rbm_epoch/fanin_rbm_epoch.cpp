// Epochs of CD-1 (or of PCD-1, with 100 chains) on a 784-500 machine; prints one JSON line: seconds of each epoch,
// reconstruction error on the test images.
//
// usage: fanin_rbm_epoch EPOCHS THREADS SEED [automatic|multiply|skip] [cd|pcd] [states]
// `states`: samples of the visible units go on, not their means.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "fanin/core/thread_pool.h"
#include "fanin/data/find.h"
#include "fanin/train/rbm_trainer.h"

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: fanin_rbm_epoch EPOCHS THREADS SEED [automatic|multiply|skip] [cd|pcd] [states]\n", stderr);
    return 2;
  }
  try {
    const auto number = [&](int i) { return static_cast<std::size_t>(std::strtoull(argv[i], nullptr, 10)); };
    const fanin::data::Split mnist = fanin::data::load_named("mnist");
    fanin::ThreadPool pool(number(2));
    fanin::train::RbmOptions options;
    options.hidden = 500;
    options.visible_bias = fanin::train::VisibleBias::zero;
    options.monitor_samples = 0;
    options.learning.learning_rate = 0.05;
    options.learning.seed = number(3);
    if (argc > 4) options.learning.zeros = fanin::linalg::parse_zeros(argv[4]);
    if (argc > 5) options.learning.sampler = fanin::rbm::parse_sampler(argv[5]);
    options.learning.visible_states = argc > 6 && std::string_view(argv[6]) == "states";
    fanin::train::RbmTrainer training(options, mnist.train, nullptr, pool);
    std::string seconds;
    for (std::size_t e = 0; e < number(1); ++e) {
      seconds += (e == 0 ? "" : ", ") + std::to_string(training.run_epoch().seconds);
    }
    const double error = fanin::train::reconstruction_error(training.machine(), mnist.test, mnist.test.size(), pool);
    std::printf("{\"seconds\": [%s], \"reconstruction_error\": %.6f}\n", seconds.c_str(), error);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "fanin_rbm_epoch: %s\n", e.what());
    return 1;
  }
}
