#include <cstdio>

#include "fanin/fanin.h"

int main() {
  const auto mnist = fanin::data::load_named("mnist");
  fanin::train::TrainOptions options;  // 784-256-256-10, ReLU, Adam, batch 100
  options.init = fanin::nn::InitRules::parse("he_normal");
  options.epochs = 1;
  fanin::ThreadPool pool;  // any number of threads gives the same bits
  fanin::train::Trainer trainer(options, mnist.train, &mnist.test, pool);
  fanin::train::Observer silent;
  const auto result = trainer.run(silent);
  std::printf("test accuracy after one epoch: %.2f %%\n", 100 * result.test->accuracy);
}
