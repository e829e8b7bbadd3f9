#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fanin/init/data_dependent.h"
#include "fanin/nn/initialize.h"
#include "fanin/nn/loss.h"
#include "fanin/nn/network.h"
#include "fanin/optim/optimizer.h"
#include "fanin/optim/schedule.h"
#include "fanin/train/pretraining.h"

namespace fanin::train {

/// What a network's outputs are compared with.
enum class Targets {
  labels,  ///< the classes
  inputs,  ///< the samples themselves: an autoencoder, whose losses are sigmoid_cross_entropy and mean_squared_error
};

/// Everything that decides the numbers of a training run; together with the data it decides every bit of them.
/// The defaults are the lab's experiment (docs/design.md).
struct TrainOptions {
  nn::NetworkSpec network{{784, 256, 256, 10}};
  nn::InitRules init = nn::InitRules::parse("xavier_uniform");
  /// Hidden layers from a stack of RBMs instead; the last layer and the biases of it follow `init`. Of an autoencoder
  /// all layers, see dbn::unroll_autoencoder(): a machine for each layer up to the middle one, the code.
  std::optional<Pretraining> pretraining;
  /// Makes of what `init` drew what the training data, as samples in [0, 1], ask for; labels are not looked at. A last
  /// layer with a scheme of its own (init.output_weights) is left as it is.
  std::optional<init::DataDependent> data_dependent;
  nn::LossKind loss = nn::LossKind::softmax_cross_entropy;
  Targets targets = Targets::labels;
  optim::OptimizerOptions optimizer;
  double learning_rate = 1e-3;
  optim::Schedule schedule;
  std::size_t batch = 100;
  bool drop_last = true;  ///< leave out an epoch's last batch when it is short
  bool shuffle = true;    ///< a new order each epoch
  /// Multiplies the learning rate of all layers but the last: pre-trained weights want smaller steps. [0, 1]
  double lower_rate = 1;
  std::size_t top_only_epochs = 0;  ///< in the first epochs only the last layer learns
  /// Learns from the labels of so many training samples alone, the same number of each class; 0 for all. Pre-training,
  /// which needs no labels, always sees all samples.
  std::size_t train_samples = 0;
  std::size_t epochs = 15;
  std::uint64_t seed = 0;
  double validation = 0;  ///< fraction of the training data held out, 0 <= validation < 1
  std::size_t patience =
      0;  ///< stop after so many epochs without a lower validation loss and keep the best; 0 never stops

  /// Sets `init` and one of `pretraining` and `data_dependent`, or none, from a scheme (`he_normal`), a data-dependent
  /// initializer (`lsuv(orthogonal)`), or a pre-training (`dbn(epochs=10)`), after which the last layer's weights are
  /// xavier_uniform and all other biases come from the stack. Throws Error(usage).
  void set_init(std::string_view text);
  /// The text that set_init() reads.
  [[nodiscard]] std::string init_str() const;

  /// Throws Error(usage) naming the option, its value and what is allowed.
  void validate() const;
  /// `key=value; key=value; ...` for all of them: equal lines mean equal runs on equal data.
  /// `epochs` is left out where the schedule does not look at it, so that a finished run can be continued.
  [[nodiscard]] std::string fingerprint() const;
};

}  // namespace fanin::train
