// Epochs of CD-1 on a 784-500 machine; prints one JSON line: seconds of each epoch, reconstruction error on the test
// images.
//
// usage: fanin_rbm_epoch EPOCHS THREADS SEED [automatic|multiply|skip]
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "fanin/core/thread_pool.h"
#include "fanin/data/find.h"
#include "fanin/train/rbm_trainer.h"

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: fanin_rbm_epoch EPOCHS THREADS SEED [automatic|multiply|skip]\n", stderr);
    return 2;
  }
  try {
    const auto number = [&](int i) { return static_cast<std::size_t>(std::strtoull(argv[i], nullptr, 10)); };
    const fanin::data::Split mnist = fanin::data::load_named("mnist");
    fanin::ThreadPool pool(number(2));
    constexpr std::size_t kHidden = 500;
    fanin::rbm::Rbm rbm(mnist.train.features(), kHidden);
    rbm.initialize(fanin::init::Scheme::parse("normal(0, 0.01)"), number(3), pool);
    fanin::rbm::ContrastiveDivergenceOptions options;
    options.learning_rate = 0.05;
    options.seed = number(3);
    if (argc > 4) options.zeros = fanin::linalg::parse_zeros(argv[4]);
    fanin::train::RbmTrainer training(options, rbm, mnist.train, pool);
    std::string seconds;
    for (std::size_t e = 0; e < number(1); ++e) {
      seconds += (e == 0 ? "" : ", ") + std::to_string(training.run_epoch().seconds);
    }
    const double error = fanin::train::reconstruction_error(rbm, mnist.test, mnist.test.size(), pool);
    std::printf("{\"seconds\": [%s], \"reconstruction_error\": %.6f}\n", seconds.c_str(), error);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "fanin_rbm_epoch: %s\n", e.what());
    return 1;
  }
}
