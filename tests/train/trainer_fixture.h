#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "fanin/train/trainer.h"

#include "tests/train/blobs.h"

namespace fanin::train {

inline TrainOptions small_run() {
  TrainOptions o;
  o.network = nn::NetworkSpec{{16, 20, 12, 3}};
  o.batch = 10;
  o.epochs = 4;
  o.learning_rate = 0.01;
  o.seed = 7;
  return o;
}

/// Stops after a number of steps.
class StopAfter final : public Observer {
 public:
  explicit StopAfter(std::size_t steps) : left_(steps) {}
  bool stop_requested() override { return --left_ == 0; }

 private:
  std::size_t left_;
};

inline std::vector<float> weights_of(Trainer& trainer) {
  return {trainer.network().values().begin(), trainer.network().values().end()};
}

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

class TrainerTest : public ::testing::Test {
 protected:
  TrainerTest() : train_(test::blobs(205, 1)), test_(test::blobs(100, 2)) {
    path_ = testing::TempDir() + "fanin_trainer_" + std::to_string(getpid()) + ".checkpoint";
    std::filesystem::remove(path_);
  }
  ~TrainerTest() override { std::filesystem::remove(path_); }

  TrainResult run(const TrainOptions& o, std::vector<float>* weights = nullptr, std::size_t threads = 1) {
    ThreadPool pool(threads);
    Observer silent;
    Trainer trainer(o, train_, &test_, pool);
    TrainResult r = trainer.run(silent);
    if (weights != nullptr) *weights = weights_of(trainer);
    return r;
  }

  data::Dataset train_;
  data::Dataset test_;
  std::string path_;
};

}  // namespace fanin::train
