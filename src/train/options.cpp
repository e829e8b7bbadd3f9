#include "fanin/train/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/init/catalogue.h"

namespace fanin::train {
namespace {

[[noreturn]] void reject(std::string_view option, double value, std::string_view allowed) {
  throw Error(ErrorKind::usage, "train", fmt::format("{} is {}, allowed is {}", option, value, allowed));
}

// A scheme's parser knows schemes alone, and would take lsvu for one that does not exist.
void suggest_what_learns(std::string_view text) {
  std::vector<std::string> names{"dbn"};
  for (const auto& s : init::data_dependent_catalogue()) names.push_back(s.name);
  const std::vector<std::string> learning = names;
  for (const init::SchemeInfo& s : init::catalogue()) {
    names.push_back(s.name);
    names.insert(names.end(), s.aliases.begin(), s.aliases.end());
  }
  const std::string_view name = trimmed(text.substr(0, text.find('(')));
  const auto nearest = nearest_name(name, names);
  if (!nearest || *nearest == name || std::find(learning.begin(), learning.end(), *nearest) == learning.end()) return;
  throw Error(ErrorKind::usage, "init", fmt::format("unknown scheme '{}', did you mean '{}'?", name, *nearest));
}

}  // namespace

void TrainOptions::set_init(std::string_view text) {
  pretraining.reset();
  data_dependent.reset();
  if (init::DataDependent::is_meant(text)) {
    data_dependent = init::DataDependent::parse(text);
    init = nn::InitRules::of(data_dependent->start());
    return;
  }
  if (!Pretraining::is_meant(text)) {
    suggest_what_learns(text);
    init = nn::InitRules::parse(text);
    return;
  }
  pretraining = Pretraining::parse(text);
  init = nn::InitRules::parse("xavier_uniform");
}

std::string TrainOptions::init_str() const {
  if (data_dependent) return data_dependent->str();
  return pretraining ? pretraining->str() : init.weights.str();
}

void TrainOptions::validate() const {
  network.validate();
  if (pretraining && data_dependent) {
    throw Error(ErrorKind::usage, "train",
                fmt::format("{} and {} both say what the weights are made of, one of them is allowed",
                            pretraining->str(), data_dependent->str()));
  }
  optimizer.validate();
  constexpr std::size_t kMaxBatch = std::size_t{1} << 20;
  constexpr std::size_t kMaxEpochs = 1000000;
  constexpr double kMaxRate = 1e37;  // a float32 must hold its products with the bias corrections
  if (!(learning_rate > 0 && learning_rate <= kMaxRate)) {
    reject("learning rate", learning_rate, "above 0 and at most 1e37");
  }
  if (batch == 0 || batch > kMaxBatch) {
    reject("batch size", static_cast<double>(batch), fmt::format("1 to {}", kMaxBatch));
  }
  if (epochs > kMaxEpochs) reject("epochs", static_cast<double>(epochs), fmt::format("0 to {}", kMaxEpochs));
  if (!(validation >= 0 && validation < 1)) reject("validation fraction", validation, "0 <= fraction < 1");
  if (!(lower_rate >= 0 && lower_rate <= 1)) reject("the lower layers' rate", lower_rate, "0 to 1");
  if (top_only_epochs > kMaxEpochs) {
    reject("top-only epochs", static_cast<double>(top_only_epochs), fmt::format("0 to {}", kMaxEpochs));
  }
  const bool has_labels = loss != nn::LossKind::sigmoid_cross_entropy;
  const bool has_targets = loss != nn::LossKind::softmax_cross_entropy;
  if (targets == Targets::labels ? !has_labels : !has_targets) {
    throw Error(ErrorKind::usage, "train",
                fmt::format("loss {} does not compare outputs with {}, {} and mean_squared_error do", nn::str(loss),
                            targets == Targets::labels ? "labels" : "inputs",
                            targets == Targets::labels ? "softmax_cross_entropy" : "sigmoid_cross_entropy"));
  }
  if (targets == Targets::inputs && network.widths.front() != network.widths.back()) {
    throw Error(ErrorKind::usage, "train",
                fmt::format("{} has {} outputs for {} inputs, an autoencoder has as many", network.widths_str(),
                            network.widths.back(), network.widths.front()));
  }
  if (patience > 0 && validation == 0) {
    throw Error(ErrorKind::usage, "train",
                fmt::format("patience is {}, but early stopping needs a validation fraction above 0", patience));
  }
}

std::string TrainOptions::fingerprint() const {
  const bool looks_at_the_end = schedule.kind == optim::ScheduleKind::cosine;
  std::string text = fmt::format(
      "layers={}; activation={}; dropout={}; precision={}; init={}; init_output={}; init_bias={}; loss={}; "
      "optimizer={}; "
      "momentum={}; "
      "nesterov={}; beta1={}; beta2={}; epsilon={}; weight_decay={}; lr={}; schedule={}; batch={}; drop_last={}; "
      "shuffle={}; seed={}; validation={}; patience={}; epochs={}",
      network.widths_str(), network.activations_str(), network.dropout, nn::str(network.precision), init_str(),
      init.output_weights.str(), init.biases.str(), nn::str(loss), optim::str(optimizer.kind), optimizer.momentum,
      optimizer.nesterov, optimizer.beta1, optimizer.beta2, optimizer.epsilon, optimizer.weight_decay, learning_rate,
      schedule.str(), batch, drop_last, shuffle, seed, validation, patience,
      looks_at_the_end ? std::to_string(epochs) : "any");
  // What came later is named only where it is used, so that runs without it keep their lines.
  const TrainOptions usual;
  if (targets == Targets::inputs) text += "; targets=inputs";
  if (lower_rate != usual.lower_rate) text += fmt::format("; lower_rate={}", lower_rate);
  if (top_only_epochs != usual.top_only_epochs) text += fmt::format("; top_only_epochs={}", top_only_epochs);
  if (train_samples != usual.train_samples) text += fmt::format("; train_samples={}", train_samples);
  return text;
}

}  // namespace fanin::train
