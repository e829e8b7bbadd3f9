#include <gtest/gtest.h>

#include <vector>

#include "fanin/train/trainer.h"

#include "tests/support/count_allocations.h"
#include "tests/train/blobs.h"

namespace fanin::train {
namespace {

/// Notes the allocation count after every step of one epoch.
class Counting final : public Observer {
 public:
  explicit Counting(std::size_t steps) : after_step_(steps) {}
  void on_step(const Progress& p) override { after_step_[p.step - 1] = allocations.load(); }
  [[nodiscard]] const std::vector<std::size_t>& after_step() const { return after_step_; }

 private:
  std::vector<std::size_t> after_step_;
};

TEST(TrainingStep, AllocatesNothing) {
  for (const std::size_t threads : {1U, 2U}) {
    const data::Dataset data = test::blobs(400, 1);
    TrainOptions o;
    o.network = nn::NetworkSpec{{16, 40, 30, 3}, nn::ActivationKind::tanh, 0.2};
    o.batch = 20;
    o.epochs = 1;
    ThreadPool pool(threads);
    Trainer trainer(o, data, nullptr, pool);
    Counting counting(20);
    (void)trainer.run(counting);
    EXPECT_GT(counting.after_step().front(), 0U) << "the counter does not count";
    EXPECT_EQ(counting.after_step().front(), counting.after_step().back()) << threads << " threads";
  }
}

TEST(TrainingStep, OfAnAutoencoderAllocatesNothing) {
  const data::Dataset data = test::blobs(400, 1);
  TrainOptions o;
  o.network = nn::NetworkSpec{{16, 40, 3, 40, 16}, nn::ActivationKind::sigmoid};
  o.loss = nn::LossKind::sigmoid_cross_entropy;
  o.targets = Targets::inputs;
  o.batch = 20;
  o.epochs = 1;
  ThreadPool pool(2);
  Trainer trainer(o, data, nullptr, pool);
  Counting counting(20);
  (void)trainer.run(counting);
  EXPECT_EQ(counting.after_step().front(), counting.after_step().back());
}

}  // namespace
}  // namespace fanin::train
