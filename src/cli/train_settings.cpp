#include "cli/train_settings.h"

#include <fmt/format.h>

#include "fanin/core/error.h"

namespace fanin::cli {

std::vector<Setting> TrainSettings::settings(bool one_init) {
  train::TrainOptions& o = options;
  std::vector<Setting> all{
      text_setting("layers", "SIZES", "Inputs, hidden sizes, outputs", layers_),
      Setting{"activation", "NAME",
              "After each hidden layer: identity, relu, leaky_relu(slope), tanh, sigmoid, softsign, elu(alpha), "
              "selu, gelu, silu, softplus; or one for each, with commas between",
              [&o](const std::string& text) { o.network.parse_activations(text); },
              [&o] { return toml_quoted(o.network.activations_str()); }},
      number_setting("dropout", "Probability of dropping a hidden unit in training, 0 <= p < 1", o.network.dropout),
      value_setting("precision", "NAME", "Of the factors of products: fp32, or bf16 with sums in fp32",
                    o.network.precision, nn::parse_precision, [](nn::Precision p) { return nn::str(p); }),
      value_setting("zeros", "NAME",
                    "Factors that are zero: automatic (skip them where it is faster), multiply or skip; same results, "
                    "not for bf16",
                    o.network.zeros, linalg::parse_zeros, [](linalg::Zeros z) { return linalg::str(z); })};
  if (one_init) {
    all.push_back(text_setting("init", "SCHEME",
                               "Weights of all layers; 'fanin list' shows the schemes. lsuv, krahenbuhl and "
                               "weight_norm look at the data; dbn(epochs=10, preset=hinton2006) pre-trains the "
                               "hidden layers as RBMs",
                               init_));
    all.push_back(
        text_setting("init-output", "SCHEME", "Weights of the last layer, if other than --init", init_output_));
    all.push_back(
        text_setting("init-bias", "SCHEME", "Biases; zeros, or what --init brings (pytorch_default)", init_bias_));
  }
  std::vector<Setting> rest{
      value_setting("loss", "NAME", "softmax_cross_entropy or mean_squared_error", o.loss, nn::parse_loss,
                    [](nn::LossKind k) { return nn::str(k); }),
      value_setting("optimizer", "NAME", "sgd, adam or adamw", o.optimizer.kind, optim::parse_optimizer,
                    [](optim::OptimizerKind k) { return optim::str(k); }),
      number_setting("lr", "Learning rate, above 0", o.learning_rate),
      value_setting("schedule", "NAME",
                    "Learning rate over time: constant, step(every=5, factor=0.1), cosine(final=0); "
                    "each takes warmup=STEPS",
                    o.schedule, optim::Schedule::parse, [](const optim::Schedule& s) { return s.str(); }),
      number_setting("momentum", "Of sgd, 0 <= momentum < 1", o.optimizer.momentum),
      bool_setting("nesterov", "Nesterov's momentum for sgd", o.optimizer.nesterov),
      number_setting("beta1", "Of adam and adamw", o.optimizer.beta1),
      number_setting("beta2", "Of adam and adamw", o.optimizer.beta2),
      number_setting("epsilon", "Of adam and adamw", o.optimizer.epsilon),
      number_setting("weight-decay", "L2 for sgd and adam, decoupled for adamw; acts on weights and biases",
                     o.optimizer.weight_decay),
      count_setting("batch", "Samples a step", o.batch),
      bool_setting("drop-last", "Leave out an epoch's last batch when it is short", o.drop_last),
      bool_setting("shuffle", "A new order each epoch", o.shuffle),
      number_setting("lower-rate", "Multiplies the learning rate of all layers but the last, 0 to 1", o.lower_rate),
      count_setting("top-only-epochs", "In the first N epochs only the last layer learns", o.top_only_epochs),
      count_setting("train-samples",
                    "Learn from the labels of N training samples alone, classes in equal parts; 0: all",
                    o.train_samples),
      count_setting("epochs", "Passes over the training data", o.epochs),
      seed_setting("seed", "Of initial weights, order and dropout", o.seed),
      number_setting("validation", "Fraction of the training data held out, 0 <= fraction < 1", o.validation),
      count_setting("patience", "Stop after N epochs without a lower validation loss and keep the best; 0 never stops",
                    o.patience)};
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}

void TrainSettings::finish(const Settings& settings) {
  options.network.widths = nn::NetworkSpec::parse_widths(layers_);
  options.set_init(init_);
  if (settings.given("init-output") && !init_output_.empty()) {
    options.init.output_weights = init::Scheme::parse(init_output_);
  }
  if (settings.given("init-bias") && !init_bias_.empty()) {
    if (options.data_dependent && options.data_dependent->sets_biases()) {
      throw Error(ErrorKind::usage, "cli",
                  fmt::format("--init-bias {} given, but {} says itself what biases are", init_bias_,
                              options.data_dependent->str()));
    }
    options.init.biases = init::Scheme::parse(init_bias_);
  }
  options.validate();
}

}  // namespace fanin::cli
