#include "fanin/train/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "fanin/core/error.h"
#include "fanin/data/batches.h"
#include "fanin/dbn/unroll.h"

#include "train/calibration.h"
#include "train/checkpoint.h"
#include "train/identity.h"

namespace fanin::train {
namespace {

// More rows than this in one piece push the first layer's input out of the second-level cache.
constexpr std::size_t kMaxSlab = 256;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

data::BatchOrder make_order(const data::IndexSplit& split, const TrainOptions& o) {
  return {std::span<const std::uint32_t>(split.train), data::BatchOptions{o.batch, o.drop_last, o.shuffle},
          random::Stream(o.seed, "shuffle")};
}

data::IndexSplit make_split(const data::Dataset& train, const TrainOptions& o) {
  data::IndexSplit split = data::validation_split(train.size(), o.validation, random::Stream(o.seed, "validation"));
  if (o.train_samples == 0) return split;
  std::vector<std::int32_t> labels;
  labels.reserve(split.train.size());
  for (const std::uint32_t i : split.train) labels.push_back(train.labels()[i]);
  std::vector<std::uint32_t> chosen =
      data::balanced_subset(labels, train.classes(), o.train_samples, random::Stream(o.seed, "train samples"));
  for (std::uint32_t& i : chosen) i = split.train[i];
  split.train = std::move(chosen);
  return split;
}

std::vector<RbmOptions> machines_of(const TrainOptions& o) {
  if (o.targets == Targets::labels) return pretraining_options(o.network, *o.pretraining);
  const std::size_t depth = code_index(o.network) + 1;
  for (std::size_t l = 0; l + 1 < depth; ++l) {
    if (o.network.activation_of(l) == o.network.activation_of(2 * depth - 2 - l)) continue;
    throw Error(ErrorKind::usage, "train",
                fmt::format("{} makes a decoder that mirrors the encoder, which {} does not", o.pretraining->str(),
                            o.network.activations_str()));
  }
  // The code is the encoder's last hidden layer, and what comes above it does not matter.
  nn::NetworkSpec encoder = o.network;
  encoder.widths.resize(depth + 2);
  if (!encoder.activations.empty()) encoder.activations.resize(depth);
  const bool binary = o.loss == nn::LossKind::sigmoid_cross_entropy;
  return pretraining_options(encoder, *o.pretraining, binary ? rbm::UnitKind::binary : rbm::UnitKind::gaussian);
}

// Padding stays what it is.
void copy_values(std::span<const float> from, nn::Network& to) {
  for (const nn::Parameter& p : to.parameters()) {
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(p.offset), p.shape.elements(), to.values(p).begin());
  }
  to.refresh();
}

}  // namespace

struct Trainer::State {
  State(const TrainOptions& o, const data::Dataset& train_data, const data::Dataset* test_data, ThreadPool& p)
      : options(o),
        train(train_data),
        test(test_data),
        pool(p),
        network(o.network),
        optimizer(o.optimizer, network.training_size()),
        split(make_split(train_data, o)),
        order(make_order(split, o)),
        workspace(network.workspace(std::min(o.batch, split.train.size()))),
        labels(workspace.capacity()),
        row_loss(workspace.capacity()),
        dropout(random::Stream(o.seed, "dropout")) {
    const std::size_t blocks = network.gradient_blocks();
    while (first_top_block < blocks && network.gradient_layer(first_top_block) != network.gradient_layer(blocks - 1)) {
      ++first_top_block;
    }
  }

  TrainOptions options;
  const data::Dataset& train;
  const data::Dataset* test;
  ThreadPool& pool;
  nn::Network network;
  optim::Optimizer optimizer;
  data::IndexSplit split;
  data::BatchOrder order;
  nn::Workspace workspace;
  std::vector<std::int32_t> labels;
  std::vector<float> row_loss;
  random::Stream dropout;
  std::size_t first_top_block = 0;  // of the gradient: those from here on are of the last layer
  // Of the test data after the last epoch, unless other weights were put in place since: what the result needs too.
  std::optional<Evaluation> last_test;
  std::optional<Reconstruction> last_reconstruction;
  bool resumed = false;
  bool has_run = false;
  bool began = false;
  bool has_start = false;  // weights from start_from()
  Checkpoint at;           // where the run stands; its arrays are filled only to be written

  /// `next` is the batch after this one, or empty.
  double step(std::span<const std::uint32_t> batch, std::span<const std::uint32_t> next);
  bool pretrain(PretrainObserver& observer);
  void save(const CheckpointOptions& checkpoint);
  EpochResult finish_epoch(bool test_now);
  void check(const data::Dataset& data) const {
    if (options.targets == Targets::inputs) {
      check_autoencoder_fit(network, data, options.loss);
    } else {
      check_fit(network, data);
    }
  }
  [[nodiscard]] Reconstruction reconstruction(const data::Dataset& data,
                                              std::span<const std::uint32_t> indices = {}) const {
    return evaluate_autoencoder(network, data, options.loss, pool, indices);
  }
  [[nodiscard]] double loss_on(const data::Dataset& data) const {
    return options.targets == Targets::inputs ? reconstruction(data).loss
                                              : evaluate(network, data, options.loss, pool).loss;
  }
  void require_finite_weights() const;
  [[nodiscard]] double lower_rate() const {
    return options.pretraining ? options.pretraining->lower_rate.value_or(options.lower_rate) : options.lower_rate;
  }
  /// Whether the layers below the last one are left as they are.
  [[nodiscard]] bool top_only() const { return lower_rate() == 0 || at.epoch < options.top_only_epochs; }
  [[nodiscard]] std::uint64_t global_step() const { return at.epoch * order.batches() + at.step; }
  [[nodiscard]] double learning_rate(std::uint64_t step) const {
    return options.learning_rate * options.schedule.factor(step, options.epochs * order.batches(), order.batches());
  }
  [[nodiscard]] bool out_of_patience() const {
    return options.patience > 0 && at.epochs_without_gain >= options.patience;
  }
  Progress progress(double seconds) const {
    return {at.epoch + 1,
            options.epochs,
            at.step,
            order.batches(),
            at.step == 0 ? 0 : at.cost_sum / static_cast<double>(at.step),
            seconds};
  }
};

double Trainer::State::step(std::span<const std::uint32_t> batch, std::span<const std::uint32_t> next) {
  const std::size_t n = batch.size();
  const std::size_t layers = network.layers().size();
  const float scale = 1.0F / static_cast<float>(n);
  const bool only_top = top_only();
  const nn::Pass pass{true, dropout.fold_in(global_step())};
  // Rows do not see each other, so how they are cut is free to follow the number of threads: the bits do not.
  const std::size_t slab = std::min(kMaxSlab, (n + pool.threads() - 1) / pool.threads());
  parallel_for(pool, n, slab, [&](std::size_t first, std::size_t last) {
    const std::size_t count = last - first;
    const auto rows = batch.subspan(first, count);
    const MatrixView<float> inputs = workspace.values(0, first, count);
    const MatrixView<float> outputs = workspace.values(layers, first, count);
    const MatrixView<float> derivatives = workspace.derivatives(layers, first, count);
    const std::span<float> losses = std::span(row_loss).subspan(first, count);
    train.gather(rows, inputs);
    network.forward(pass, workspace, first, count);
    if (options.targets == Targets::inputs) {
      nn::loss_rows(options.loss, outputs, inputs, scale, derivatives, losses);
    } else {
      for (std::size_t r = 0; r < count; ++r) labels[first + r] = train.labels()[rows[r]];
      nn::loss_rows(options.loss, outputs, std::span(labels).subspan(first, count), scale, derivatives, losses);
    }
    // The last layer's gradient needs no more than the loss's own derivatives.
    if (!only_top) network.backward(pass, workspace, first, count);
  });
  const double loss = nn::mean(std::span(row_loss).first(n));
  if (!std::isfinite(loss)) {
    throw Error(ErrorKind::numeric, "train",
                fmt::format("diverged: the loss is {} in epoch {}, step {} of {}; a smaller learning rate than {} or "
                            "another initialization may help",
                            loss, at.epoch + 1, at.step + 1, order.batches(), options.learning_rate));
  }
  optimizer.begin_step(learning_rate(global_step()));
  const optim::Step top = optimizer.step(1);
  // The optimizer's moments of the lower layers are as young as their part in the training.
  const optim::Step lower =
      only_top ? optim::Step() : optimizer.step(lower_rate(), options.top_only_epochs * order.batches());
  const std::size_t begun = only_top ? first_top_block : 0;
  const std::size_t blocks = network.gradient_blocks() - begun;
  float* weights = network.training_values().data();
  pool.run(blocks, [&](std::size_t task) {
    // A few samples at a time, so that waiting for memory hides behind the arithmetic.
    const std::size_t begin = next.size() * task / blocks;
    train.prefetch(next.subspan(begin, next.size() * (task + 1) / blocks - begin));
    const std::size_t block = begun + task;
    network.gradient(block, workspace, n, [&](const nn::GradientPiece& piece) {
      optimizer.update(piece.first, piece.values, piece.stride, weights, block < first_top_block ? lower : top);
    });
  });
  return loss;
}

// Whether it came to its end.
bool Trainer::State::pretrain(PretrainObserver& observer) {
  const std::vector<RbmOptions> machines = machines_of(options);
  std::vector<rbm::Rbm> stack = train::pretrain(std::span(options.network.widths).first(machines.size() + 1), machines,
                                                train, options.seed, false, pool, observer);
  if (stack.size() < machines.size()) return false;
  if (options.targets == Targets::labels) {
    dbn::unroll_into(dbn::Stack(std::move(stack)), network);
  } else {
    const dbn::Unrolled made = dbn::unroll_autoencoder(dbn::Stack(std::move(stack)));
    copy_values(made.network.values(), network);
  }
  return true;
}

void Trainer::State::save(const CheckpointOptions& checkpoint) {
  if (checkpoint.path.empty()) return;
  at.optimizer_steps = optimizer.steps();
  at.values.assign(network.values().begin(), network.values().end());
  at.slots.resize(optimizer.state_slots());
  for (std::size_t s = 0; s < at.slots.size(); ++s) {
    at.slots[s].assign(at.values.size(), 0);
    network.from_training_order(optimizer.state(s), at.slots[s]);
  }
  write_checkpoint(checkpoint.path, at);
}

// The loss of a step is that of the weights before it; what the last step made is seen only here.
void Trainer::State::require_finite_weights() const {
  for (const nn::Parameter& p : network.parameters()) {
    const std::span<const float> values = network.values(p);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isfinite(values[i])) continue;
      throw Error(
          ErrorKind::numeric, "train",
          fmt::format("diverged: '{}' element {} is {} after epoch {}, step {}; a smaller learning rate than {} "
                      "may help",
                      p.name, i, values[i], at.epoch + 1, at.step, options.learning_rate));
    }
  }
}

EpochResult Trainer::State::finish_epoch(bool test_now) {
  EpochResult e;
  e.epoch = at.epoch + 1;
  e.cost = at.step == 0 ? 0 : at.cost_sum / static_cast<double>(at.step);
  e.learning_rate = at.step == 0 ? 0 : learning_rate(global_step() - 1);
  e.seconds = at.epoch_seconds;
  if (!split.validation.empty()) {
    if (options.targets == Targets::inputs) {
      e.validation_loss = reconstruction(train, split.validation).loss;
    } else {
      const Evaluation v = evaluate(network, train, options.loss, pool, data::PixelRange::unit, split.validation);
      e.validation_loss = v.loss;
      e.validation_accuracy = v.accuracy;
    }
    // A loss that is no number is no gain, not even the first.
    const double loss = *e.validation_loss;
    if (std::isfinite(loss) && (at.best_epoch == 0 || loss < at.best_loss)) {
      at.best_epoch = e.epoch;
      at.best_loss = loss;
      at.epochs_without_gain = 0;
      if (options.patience > 0) at.best_values.assign(network.values().begin(), network.values().end());
    } else {
      ++at.epochs_without_gain;
    }
  }
  if (test_now && test != nullptr) {
    if (options.targets == Targets::inputs) {
      last_reconstruction = reconstruction(*test);
      e.test_loss = last_reconstruction->loss;
      e.test_squared_error = last_reconstruction->squared_error;
    } else {
      last_test = evaluate(network, *test, options.loss, pool);
      e.test_accuracy = last_test->accuracy;
    }
  }
  return e;
}

Trainer::Trainer(const TrainOptions& options, const data::Dataset& train, const data::Dataset* test, ThreadPool& pool) {
  options.validate();
  state_ = std::make_unique<State>(options, train, test, pool);
  state_->check(train);
  if (test != nullptr) state_->check(*test);
  if (options.data_dependent) (void)calibration_samples(options, train);
  nn::initialize(state_->network, options.init, options.seed, pool);
}

Trainer::~Trainer() = default;

nn::Network& Trainer::network() noexcept {
  return state_->network;
}

bool Trainer::began() const noexcept {
  return state_->began;
}

void Trainer::start_from(std::span<const float> values) {
  State& s = *state_;
  if (s.has_run || s.resumed) {
    throw Error(ErrorKind::usage, "train", "start_from() was called after the start of the run");
  }
  const std::size_t own = s.network.values().size();
  if (values.size() != own) {
    throw Error(ErrorKind::usage, "train",
                fmt::format("{} values to start from given, the network has {}", values.size(), own));
  }
  for (const nn::Parameter& p : s.network.parameters()) {
    const std::span<const float> from = values.subspan(p.offset, p.shape.elements());
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (std::isfinite(from[i])) continue;
      throw Error(ErrorKind::numeric, "train",
                  fmt::format("element {} of '{}' to start from is {}", i, p.name, from[i]));
    }
  }
  copy_values(values, s.network);
  s.has_start = true;
}

void Trainer::resume(const std::string& path) {
  State& s = *state_;
  Checkpoint c = read_checkpoint(path);
  const std::string mine = s.options.fingerprint();
  if (c.fingerprint != mine) {
    const auto [theirs, ours] = first_difference(c.fingerprint, mine);
    throw Error(ErrorKind::usage, "train",
                fmt::format("{} is of another run: it has {}, this run has {}", path, theirs, ours));
  }
  if (c.data_hash != hash_of(s.train, s.test)) {
    throw Error(ErrorKind::usage, "train",
                fmt::format("{} was trained or tested on other data than {}", path, s.train.name()));
  }
  const std::size_t size = s.network.values().size();
  if (c.epoch > s.options.epochs || (c.epoch == s.options.epochs && c.step > 0)) {
    throw Error(ErrorKind::usage, "train",
                fmt::format("{} is already at epoch {}, step {}; {} epochs asked for end before that", path,
                            c.epoch + 1, c.step, s.options.epochs));
  }
  bool fits = c.values.size() == size && c.slots.size() == s.optimizer.state_slots() && c.step <= s.order.batches() &&
              c.epochs.size() == c.epoch && (c.best_values.empty() || c.best_values.size() == size);
  for (const auto& slot : c.slots) fits = fits && slot.size() == size;
  if (!fits) {
    throw Error(ErrorKind::data, "train",
                fmt::format("{} does not fit together: {} finished epochs, {} steps, {} values of {}", path, c.epoch,
                            c.step, c.values.size(), size));
  }
  std::copy(c.values.begin(), c.values.end(), s.network.values().begin());
  s.network.refresh();
  for (std::size_t i = 0; i < c.slots.size(); ++i) {
    s.network.to_training_order(c.slots[i], s.optimizer.state(i));
  }
  s.optimizer.restore(c.optimizer_steps);
  s.at = std::move(c);
  s.resumed = true;
}

TrainResult Trainer::run(Observer& observer, const CheckpointOptions& checkpoint, bool test_each_epoch) {
  State& s = *state_;
  TrainResult result;
  if (s.has_run) throw Error(ErrorKind::usage, "train", "run() was called a second time, a trainer runs once");
  s.has_run = true;
  // Nothing is saved before the first epoch or interruption: until then the start is as good as a checkpoint, and an
  // older one in its place is not lost to a command that was repeated by mistake.
  if (!s.resumed) {
    if (s.options.pretraining) {
      const auto start = std::chrono::steady_clock::now();
      result.interrupted = !s.pretrain(observer);
      result.pretraining_seconds = seconds_since(start);
      if (result.interrupted) return result;
    }
    if (s.options.data_dependent && !s.has_start) {
      const auto start = std::chrono::steady_clock::now();
      result.calibration = calibrate(s.options, s.train, s.network, s.pool);
      result.calibration_seconds = seconds_since(start);
      observer.on_calibration(*result.calibration);
    }
    s.at.fingerprint = s.options.fingerprint();
    if (!checkpoint.path.empty()) s.at.data_hash = hash_of(s.train, s.test);
    const data::Dataset& judged = s.test != nullptr ? *s.test : s.train;
    s.at.loss_before = s.loss_on(judged);
  }
  result.loss_before = s.at.loss_before;
  s.began = true;

  double seconds = 0;
  while (s.at.epoch < s.options.epochs && !s.out_of_patience() && !result.interrupted) {
    const auto begin = std::chrono::steady_clock::now();
    s.order.begin_epoch(s.at.epoch);
    s.at.epoch_seconds += seconds_since(begin);
    while (s.at.step < s.order.batches() && !result.interrupted) {
      const auto start = std::chrono::steady_clock::now();
      const bool more = s.at.step + 1 < s.order.batches();
      s.at.cost_sum +=
          s.step(s.order.batch(s.at.step), more ? s.order.batch(s.at.step + 1) : std::span<const std::uint32_t>());
      const double spent = seconds_since(start);
      s.at.epoch_seconds += spent;
      seconds += spent;
      ++s.at.step;
      observer.on_step(s.progress(seconds));
      const bool last = s.at.step == s.order.batches();
      result.interrupted = !last && observer.stop_requested();
      if (result.interrupted ||
          (!last && checkpoint.every_steps > 0 && s.global_step() % checkpoint.every_steps == 0)) {
        s.require_finite_weights();
        s.save(checkpoint);
      }
    }
    if (result.interrupted) break;
    s.require_finite_weights();
    s.at.epochs.push_back(s.finish_epoch(test_each_epoch));
    ++s.at.epoch;
    s.at.step = 0;
    s.at.cost_sum = 0;
    s.at.epoch_seconds = 0;
    s.save(checkpoint);
    observer.on_epoch(s.at.epochs.back());
    result.interrupted = s.at.epoch < s.options.epochs && observer.stop_requested();
  }

  result.epochs = s.at.epochs;
  for (const EpochResult& e : result.epochs) result.seconds += e.seconds;
  result.seconds += s.at.epoch_seconds;
  result.best_epoch = s.at.epoch;
  if (result.interrupted) return result;
  result.stopped_early = s.at.epoch < s.options.epochs;
  if (!s.at.best_values.empty()) {
    std::copy(s.at.best_values.begin(), s.at.best_values.end(), s.network.values().begin());
    s.network.refresh();
    s.last_test.reset();
    s.last_reconstruction.reset();
    result.best_epoch = s.at.best_epoch;
  }
  if (s.test != nullptr && s.options.targets == Targets::inputs) {
    result.reconstruction = s.last_reconstruction ? *s.last_reconstruction : s.reconstruction(*s.test);
  } else if (s.test != nullptr) {
    result.test = s.last_test ? *s.last_test : evaluate(s.network, *s.test, s.options.loss, s.pool);
    if (s.test->is_bytes()) {
      result.test_accuracy_raw_pixels =
          evaluate(s.network, *s.test, s.options.loss, s.pool, data::PixelRange::raw).accuracy;
    }
  }
  return result;
}

}  // namespace fanin::train
