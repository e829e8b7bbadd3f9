#include "fanin/optim/optimizer.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

#include "optim/power.h"
#include "optim/update.h"

namespace fanin::optim {
namespace {

void require(bool holds, std::string_view name, double value, std::string_view range) {
  if (!holds) {
    throw Error(ErrorKind::usage, "optimizer", fmt::format("{} is {}, allowed is {}", name, value, range));
  }
}

}  // namespace

OptimizerKind parse_optimizer(std::string_view text) {
  const std::string_view name = trimmed(text);
  std::vector<std::string> names;
  for (const OptimizerKind kind : {OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::adamw}) {
    names.push_back(str(kind));
    if (names.back() == name) return kind;
  }
  throw Error(ErrorKind::usage, "optimizer", fmt::format("no optimizer '{}'{}", name, did_you_mean(name, names)));
}

std::string str(OptimizerKind kind) {
  switch (kind) {
    case OptimizerKind::sgd:
      return "sgd";
    case OptimizerKind::adam:
      return "adam";
    case OptimizerKind::adamw:
      return "adamw";
  }
  throw Error(ErrorKind::usage, "optimizer", fmt::format("no optimizer has the number {}", static_cast<int>(kind)));
}

void OptimizerOptions::validate() const {
  const std::string name = str(kind);
  if (kind == OptimizerKind::sgd) {
    require(momentum >= 0 && momentum < 1, "momentum", momentum, "[0, 1)");
    if (nesterov && momentum == 0) {
      throw Error(ErrorKind::usage, "optimizer", "nesterov needs a momentum above 0, it is 0");
    }
  } else {
    if (momentum != 0 || nesterov) {
      throw Error(
          ErrorKind::usage, "optimizer",
          fmt::format("momentum is {} and nesterov {}, but only sgd has them, not {}", momentum, nesterov, name));
    }
    require(beta1 >= 0 && beta1 < 1, "beta1", beta1, "[0, 1)");
    require(beta2 >= 0 && beta2 < 1, "beta2", beta2, "[0, 1)");
    require(epsilon >= 1e-37 && epsilon <= 1e37, "epsilon", epsilon, "[1e-37, 1e37]");
  }
  require(weight_decay >= 0 && weight_decay <= 1e37, "weight_decay", weight_decay, "[0, 1e37]");
}

Optimizer::Optimizer(const OptimizerOptions& options, std::size_t parameters)
    : options_((options.validate(), options)), parameters_(parameters) {
  for (std::size_t slot = 0; slot < state_slots(); ++slot) {
    state_[slot] = Buffer<float>(parameters);
    slots_[slot] = state_[slot].data();
  }
}

std::size_t Optimizer::state_slots() const noexcept {
  if (options_.kind != OptimizerKind::sgd) return 2;
  // A momentum that was set to 0 later leaves the state there.
  return options_.momentum == 0 && slots_[0] == nullptr ? 0 : 1;
}

std::span<const float> Optimizer::state(std::size_t slot) const {
  if (slot >= state_slots()) {
    throw Error(ErrorKind::usage, "optimizer",
                fmt::format("no state slot {}, {} has {}", slot, optim::str(options_.kind), state_slots()));
  }
  return state_[slot].span();
}

std::span<float> Optimizer::state(std::size_t slot) {
  const std::span<const float> checked = std::as_const(*this).state(slot);
  return {slots_[slot], checked.size()};
}

void Optimizer::restore(std::uint64_t steps) noexcept {
  steps_ = steps;
  begun_ = false;
}

void Optimizer::set_momentum(double momentum) {
  require(momentum >= 0 && momentum < 1, "momentum", momentum, "[0, 1)");
  if (options_.kind != OptimizerKind::sgd || slots_[0] == nullptr) {
    throw Error(ErrorKind::usage, "optimizer", "only an sgd that was made with momentum can change it");
  }
  options_.momentum = momentum;
}

void Optimizer::begin_step(double learning_rate) {
  require(learning_rate >= 0 && learning_rate <= 1e37, "the learning rate", learning_rate, "[0, 1e37]");
  ++steps_;
  begun_ = true;
  learning_rate_ = learning_rate;
  step_ = step(1.0);
}

Step Optimizer::step(double rate_factor, std::uint64_t missed) const {
  if (!begun_) throw Error(ErrorKind::usage, "optimizer", "a step needs a begin_step() before it");
  require(rate_factor >= 0 && rate_factor <= 1, "the factor of the learning rate", rate_factor, "[0, 1]");
  if (missed >= steps_) {
    throw Error(ErrorKind::usage, "optimizer", fmt::format("{} missed steps of {} leave none", missed, steps_));
  }
  const std::uint64_t taken = steps_ - missed;
  const double learning_rate = learning_rate_ * rate_factor;
  Step step;
  double rate = learning_rate;
  if (options_.kind != OptimizerKind::sgd) {
    rate /= 1 - detail::power(options_.beta1, taken);
    step.root_scale = static_cast<float>(1 / std::sqrt(1 - detail::power(options_.beta2, taken)));
  }
  if (options_.kind == OptimizerKind::adamw) {
    step.decay_factor = static_cast<float>(1 - learning_rate * options_.weight_decay);
  }
  step.rate = static_cast<float>(rate);
  return step;
}

void Optimizer::update(std::size_t first, std::size_t count, float* weights, const float* gradient) const {
  update(first, {gradient + first, 1, count}, count, weights);
}

void Optimizer::update(std::size_t first, MatrixView<const float> gradient, std::size_t stride, float* weights,
                       const Step& step) const {
  const std::size_t below = gradient.rows == 0 ? 0 : (gradient.rows - 1) * stride;
  if (first > parameters_ || below > parameters_ - first || gradient.cols > parameters_ - first - below) {
    throw Error(ErrorKind::usage, "optimizer",
                fmt::format("elements [{}, {} + {}) are beyond the {} parameters", first, first, below + gradient.cols,
                            parameters_));
  }
  if (!begun_) throw Error(ErrorKind::usage, "optimizer", "an update needs a begin_step() before it");
  detail::Update update;
  update.rate = step.rate;
  update.decay = static_cast<float>(options_.weight_decay);
  update.w = weights + first;
  update.g = gradient.data;
  update.count = gradient.cols;
  update.rows = gradient.rows;
  update.stride = stride;
  update.g_stride = gradient.stride;
  if (options_.kind == OptimizerKind::sgd) {
    update.momentum = static_cast<float>(options_.momentum);
    update.nesterov = options_.nesterov;
    if (slots_[0] != nullptr) update.m = slots_[0] + first;
    detail::sgd(update);
    return;
  }
  update.m = slots_[0] + first;
  update.v = slots_[1] + first;
  update.decay_factor = step.decay_factor;
  update.decoupled = options_.kind == OptimizerKind::adamw;
  update.one_minus_beta1 = static_cast<float>(1 - options_.beta1);
  update.beta2 = static_cast<float>(options_.beta2);
  update.one_minus_beta2 = static_cast<float>(1 - options_.beta2);
  update.root_scale = step.root_scale;
  update.epsilon = static_cast<float>(options_.epsilon);
  detail::adam(update);
}

}  // namespace fanin::optim
