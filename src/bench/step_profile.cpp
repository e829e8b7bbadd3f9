#include "fanin/bench/step_profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "fanin/bench/machine.h"
#include "fanin/core/error.h"
#include "fanin/data/batches.h"
#include "fanin/nn/initialize.h"
#include "fanin/nn/loss.h"
#include "fanin/optim/optimizer.h"
#include "fanin/train/trainer.h"

namespace fanin::bench {
namespace {

using Clock = std::chrono::steady_clock;

double product_flops(const nn::Layer& layer, std::size_t batch) {
  if (layer.gradient_blocks() == 0) return 0;
  return 2.0 * static_cast<double>(batch) * static_cast<double>(layer.inputs()) * static_cast<double>(layer.outputs());
}

/// Adds up the time of each part over many steps.
class Parts {
 public:
  template <typename Work>
  void time(const std::string& name, double flops, Work&& work) {
    const Clock::time_point start = Clock::now();
    work();
    const double spent = std::chrono::duration<double>(Clock::now() - start).count();
    if (next_ == parts_.size()) parts_.push_back({name, 0, flops});
    parts_[next_++].seconds += spent;
  }
  void step_done(bool counts) {
    if (!counts) parts_.clear();
    steps_ += counts ? 1 : 0;
    next_ = 0;
  }
  [[nodiscard]] std::vector<StepPart> mean() const {
    std::vector<StepPart> all = parts_;
    for (StepPart& p : all) p.seconds /= static_cast<double>(std::max<std::size_t>(1, steps_));
    return all;
  }

 private:
  std::vector<StepPart> parts_;
  std::size_t next_ = 0;
  std::size_t steps_ = 0;
};

// The same layers, losses and updates as the trainer's, one after the other instead of block by block.
std::vector<StepPart> time_parts(const train::TrainOptions& o, const data::Dataset& data) {
  ThreadPool one(1);
  nn::Network network(o.network);
  nn::initialize(network, o.init, o.seed, one);
  optim::Optimizer optimizer(o.optimizer, network.training_size());
  data::BatchOrder order(data.size(), {o.batch, true, o.shuffle}, random::Stream(o.seed, "shuffle"));
  const std::size_t n = o.batch;
  nn::Workspace w = network.workspace(n);
  std::vector<std::int32_t> labels(n);
  std::vector<float> row_loss(n);
  const auto layers = network.layers();
  const std::size_t last = layers.size();
  std::size_t lowest = 0;
  while (layers[lowest]->gradient_blocks() == 0) ++lowest;
  Parts parts;
  const std::size_t warm_up = order.batches() / 4;
  for (std::size_t b = 0; b < order.batches(); ++b) {
    const auto batch = order.batch(b);
    const nn::Pass pass{true, random::Stream(o.seed, "dropout").fold_in(b)};
    parts.time("gather the batch", 0, [&] { data.gather(batch, w.values(0, 0, n)); });
    for (std::size_t r = 0; r < n; ++r) labels[r] = data.labels()[batch[r]];
    for (std::size_t l = 0; l < last; ++l) {
      nn::Pass p = pass;
      p.noise = pass.noise.fold_in(l);
      parts.time("forward " + layers[l]->str(), product_flops(*layers[l], n),
                 [&] { layers[l]->forward(p, w.values(l, 0, n), w.values(l + 1, 0, n)); });
    }
    parts.time(nn::str(o.loss), 0, [&] {
      nn::loss_rows(o.loss, w.values(last, 0, n), labels, 1.0F / static_cast<float>(n), w.derivatives(last, 0, n),
                    row_loss);
    });
    for (std::size_t l = last; l-- > lowest + 1;) {
      nn::Pass p = pass;
      p.noise = pass.noise.fold_in(l);
      parts.time("backward " + layers[l]->str(), product_flops(*layers[l], n), [&] {
        layers[l]->backward(p, w.values(l, 0, n), w.values(l + 1, 0, n), w.derivatives(l + 1, 0, n),
                            w.derivatives(l, 0, n));
      });
    }
    optimizer.begin_step(o.learning_rate);
    float* weights = network.training_values().data();
    for (std::size_t l = lowest; l < last; ++l) {
      if (layers[l]->gradient_blocks() == 0) continue;
      parts.time("gradient and update " + layers[l]->str(), product_flops(*layers[l], n), [&] {
        for (std::size_t block = 0; block < layers[l]->gradient_blocks(); ++block) {
          layers[l]->gradient(block, w.values(l, 0, n), w.derivatives(l + 1, 0, n),
                              [&](const nn::GradientPiece& piece) {
                                optimizer.update(piece.first, piece.values, piece.stride, weights);
                              });
        }
      });
    }
    parts.step_done(b >= warm_up);
  }
  return parts.mean();
}

double time_optimizer(const train::TrainOptions& o) {
  const std::size_t size = nn::Network(o.network).values().size();
  optim::Optimizer optimizer(o.optimizer, size);
  std::vector<float> weights(size, 0.1F);
  std::vector<float> gradient(size, 0.01F);
  return measure(7, 2e-3,
                 [&] {
                   optimizer.begin_step(1e-6);
                   optimizer.update(0, size, weights.data(), gradient.data());
                 })
      .median;
}

/// Asks after each epoch what the machine reaches at that moment.
class PeakBesideEpochs final : public train::Observer {
 public:
  PeakBesideEpochs(nn::Precision precision, ThreadPool& pool) : precision_(precision), pool_(pool) {}
  void on_epoch(const train::EpochResult&) override {
    const double bf16 = precision_ == nn::Precision::bf16 ? bf16_gflops_now(pool_) : 0;
    inverse_.push_back(1 / (bf16 > 0 ? bf16 : fp32_gflops_now(pool_)));
  }
  [[nodiscard]] double gflops() const { return 1 / summary(inverse_).median; }

 private:
  nn::Precision precision_;
  ThreadPool& pool_;
  std::vector<double> inverse_;
};

StepTime time_steps(const train::TrainOptions& options, const data::Dataset& data, double flops,
                    double optimizer_seconds, ThreadPool& pool) {
  train::TrainOptions o = options;
  o.epochs = 6;
  o.drop_last = true;
  o.validation = 0;
  o.patience = 0;
  train::Trainer trainer(o, data, nullptr, pool);
  PeakBesideEpochs observer(o.network.precision, pool);
  const train::TrainResult r = trainer.run(observer);
  const std::size_t steps = data.size() / o.batch;
  std::vector<double> seconds;
  for (std::size_t e = 1; e < r.epochs.size(); ++e) {
    seconds.push_back(r.epochs[e].seconds / static_cast<double>(steps));
  }
  const double floor = flops / 1e9 / observer.gflops() + optimizer_seconds / static_cast<double>(pool.threads());
  return {pool.threads(), summary(std::move(seconds)), floor};
}

}  // namespace

double step_flops(const std::vector<std::size_t>& widths, std::size_t batch) {
  double flops = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    const double one =
        2.0 * static_cast<double>(batch) * static_cast<double>(widths[i]) * static_cast<double>(widths[i + 1]);
    flops += (i == 0 ? 2 : 3) * one;
  }
  return flops;
}

StepProfile profile_step(const train::TrainOptions& options, const data::Dataset& data, ThreadPool& pool) {
  options.validate();
  if (data.size() / 4 < options.batch) {
    throw Error(ErrorKind::usage, "bench",
                fmt::format("{} samples are fewer than four batches of {}", data.size(), options.batch));
  }
  StepProfile p;
  p.flops = step_flops(options.network.widths, options.batch);
  p.optimizer_seconds = time_optimizer(options);
  {
    ThreadPool one(1);
    p.steps.push_back(time_steps(options, data, p.flops, p.optimizer_seconds, one));
  }
  if (pool.threads() > 1) p.steps.push_back(time_steps(options, data, p.flops, p.optimizer_seconds, pool));
  p.parts = time_parts(options, data);
  return p;
}

}  // namespace fanin::bench
