#include "fanin/train/pretraining.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <set>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/dbn/unroll.h"

namespace fanin::train {
namespace {

constexpr std::string_view kName = "dbn";
constexpr std::size_t kSlab = 100;

[[noreturn]] void reject(std::string_view text, const std::string& why) {
  throw Error(ErrorKind::usage, "init", fmt::format("'{}': {}", text, why));
}

double number(std::string_view text, std::string_view key, std::string_view value) {
  const auto x = parse_number(value);
  if (!x) reject(text, fmt::format("{} is '{}', which is no number", key, value));
  return *x;
}

std::size_t count(std::string_view text, std::string_view key, std::string_view value) {
  const auto n = parse_unsigned(value);
  if (!n) reject(text, fmt::format("{} is '{}', which is no count", key, value));
  return *n;
}

}  // namespace

bool Pretraining::is_meant(std::string_view text) {
  text = trimmed(text);
  return text.substr(0, text.find('(')) == kName;
}

Pretraining Pretraining::parse(std::string_view text) {
  Pretraining p;
  text = trimmed(text);
  if (!is_meant(text)) reject(text, "pre-training is spelled dbn or dbn(epochs=10, preset=hinton2006)");
  const std::string_view rest = text.substr(kName.size());
  if (rest.empty()) return p;
  if (rest.back() != ')') reject(text, "the parenthesis is not closed");
  const std::string_view inside = trimmed(rest.substr(1, rest.size() - 2));
  const std::vector<std::string> keys{"epochs", "preset", "lr", "k", "weight_decay", "lower_rate"};
  std::set<std::string> seen;
  if (inside.empty()) return p;
  for (const std::string& part : split_outside_parentheses(inside, ',')) {
    const std::size_t equals = part.find('=');
    const std::string key(trimmed(std::string_view(part).substr(0, equals)));
    if (equals == std::string::npos) reject(text, fmt::format("'{}' is not of the form key=value", part));
    const std::string_view value = trimmed(std::string_view(part).substr(equals + 1));
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      reject(text, fmt::format("unknown key '{}'{}; there are epochs, preset, lr, k, weight_decay and lower_rate", key,
                               did_you_mean(key, keys)));
    }
    if (!seen.insert(key).second) reject(text, fmt::format("{} is given twice", key));
    if (key == "preset") p.preset = value;
    if (key == "epochs") p.epochs = count(text, key, value);
    if (key == "lr") p.learning_rate = number(text, key, value);
    if (key == "k") p.k = count(text, key, value);
    if (key == "lower_rate") p.lower_rate = number(text, key, value);
    if (key == "weight_decay") p.weight_decay = number(text, key, value);
  }
  if (p.lower_rate && !(*p.lower_rate >= 0 && *p.lower_rate <= 1)) {
    reject(text, fmt::format("lower_rate is {}, allowed is 0 to 1", *p.lower_rate));
  }
  p.options(rbm::UnitKind::binary, rbm::UnitKind::binary).validate();
  return p;
}

std::string Pretraining::str() const {
  std::string text = fmt::format("dbn(preset={}", preset);
  if (epochs) text += fmt::format(", epochs={}", *epochs);
  if (learning_rate) text += fmt::format(", lr={}", *learning_rate);
  if (k) text += fmt::format(", k={}", *k);
  if (weight_decay) text += fmt::format(", weight_decay={}", *weight_decay);
  if (lower_rate) text += fmt::format(", lower_rate={}", *lower_rate);
  return text + ")";
}

RbmOptions Pretraining::options(rbm::UnitKind visible, rbm::UnitKind hidden) const {
  RbmOptions o = RbmOptions::preset(preset);
  o.set_units(visible, hidden);
  if (epochs) o.epochs = *epochs;
  if (learning_rate) o.learning.learning_rate = *learning_rate;
  if (k) o.k = {*k};
  if (weight_decay) o.learning.weight_decay = *weight_decay;
  o.monitor_samples = 0;
  return o;
}

std::vector<RbmOptions> pretraining_options(const nn::NetworkSpec& network, const Pretraining& pretraining,
                                            rbm::UnitKind visible) {
  std::vector<RbmOptions> options;
  rbm::UnitKind below = visible;
  for (std::size_t l = 0; l + 2 < network.widths.size(); ++l) {
    const nn::Activation& f = network.activation_of(l);
    constexpr std::array kKinds{rbm::UnitKind::binary, rbm::UnitKind::relu, rbm::UnitKind::gaussian};
    const auto hidden =
        std::find_if(kKinds.begin(), kKinds.end(), [&](rbm::UnitKind kind) { return dbn::activation_of(kind) == f; });
    if (hidden == kKinds.end()) {
      throw Error(ErrorKind::usage, "init",
                  fmt::format("{} pre-trains layers of sigmoid, relu or identity units, hidden layer {} has {}",
                              pretraining.str(), l + 1, f.str()));
    }
    options.push_back(pretraining.options(below, *hidden));
    below = *hidden;
  }
  return options;
}

data::Dataset hidden_features(const rbm::Rbm& machine, const RbmData& data, ThreadPool& pool) {
  const std::size_t n = data.data->size();
  const std::size_t v = machine.visible();
  const std::size_t h = machine.hidden();
  std::vector<float> features(n * h);
  std::vector<std::uint32_t> indices(n);
  std::iota(indices.begin(), indices.end(), 0U);
  parallel_for(pool, n, kSlab, [&](std::size_t first, std::size_t last) {
    std::vector<float> x((last - first) * v);
    const MatrixView<float> rows(x.data(), last - first, v);
    data.rows(machine, 0, std::span(indices).subspan(first, last - first), rows);
    for (std::size_t r = 0; r < rows.rows; ++r) {
      std::fill_n(rows.row(r) + machine.spec().visible, machine.spec().labels, 0.0F);
    }
    machine.hidden_probabilities(rows, {features.data() + first * h, last - first, h});
  });
  return {data.data->name(),
          Shape{h},
          std::move(features),
          {data.data->labels().begin(), data.data->labels().end()},
          data.data->classes()};
}

std::vector<rbm::Rbm> pretrain(std::span<const std::size_t> widths, std::span<const RbmOptions> options,
                               const data::Dataset& data, std::uint64_t seed, bool labels, ThreadPool& pool,
                               PretrainObserver& observer) {
  if (widths.size() != options.size() + 1 || options.empty()) {
    throw Error(ErrorKind::usage, "dbn",
                fmt::format("{} layers given for {} machines; a stack has inputs and at least one hidden layer",
                            widths.size(), options.size()));
  }
  std::vector<rbm::Rbm> stack;
  std::unique_ptr<data::Dataset> features;
  for (std::size_t l = 0; l < options.size(); ++l) {
    const data::Dataset& seen = l == 0 ? data : *features;
    if (seen.features() != widths[l]) {
      throw Error(ErrorKind::usage, "dbn",
                  fmt::format("{} has {} features a sample, the stack's first layer has {} units", seen.name(),
                              seen.features(), widths[l]));
    }
    RbmOptions o = options[l];
    o.hidden = widths[l + 1];
    o.labels = labels && l + 1 == options.size();
    o.learning.seed = random::Stream(seed, "dbn").fold_in(l).seed();
    // Means of hidden units are no pixels any more.
    if (l > 0) o.binarization = {};
    try {
      RbmTrainer trainer(o, seen, nullptr, pool);
      while (!trainer.finished()) {
        observer.on_rbm_epoch(l, options.size(), trainer.run_epoch(), o.epochs);
        if (!trainer.finished() && observer.stop_requested()) return stack;
      }
      (void)trainer.finish();
      observer.on_machine(l, trainer);
      if (l + 1 < options.size()) {
        features = std::make_unique<data::Dataset>(hidden_features(trainer.machine(), trainer.train_data(), pool));
      }
      stack.push_back(std::move(trainer.machine()));
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::numeric) throw;
      throw Error(e.kind(), "dbn", fmt::format("machine {} of {}: {}", l + 1, options.size(), e.what()));
    }
    if (l + 1 < options.size() && observer.stop_requested()) return stack;
  }
  return stack;
}

}  // namespace fanin::train
