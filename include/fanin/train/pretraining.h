#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/data/dataset.h"
#include "fanin/nn/network.h"
#include "fanin/rbm/rbm.h"
#include "fanin/train/rbm_trainer.h"

namespace fanin::train {

/// Pre-training as an initializer (Hinton, Osindero & Teh 2006; Hinton & Salakhutdinov 2006): the hidden layers of a
/// network are restricted Boltzmann machines that are trained one after the other, each on the hidden means of the one
/// below. A value with one spelling:
///
///     dbn · dbn(epochs=10) · dbn(epochs=10, preset=hinton2006, lr=0.05, k=1, weight_decay=0.0002, lower_rate=0.1)
struct Pretraining {
  std::string preset = "hinton2006";
  std::optional<std::size_t> epochs;    ///< of each machine; the preset's if not given
  std::optional<double> learning_rate;  ///< the preset's if not given
  std::optional<std::size_t> k;
  std::optional<double> weight_decay;
  /// Takes the place of TrainOptions::lower_rate, so that rows of a lab can differ in it. [0, 1]
  std::optional<double> lower_rate;

  /// Whether `text` is `dbn` or `dbn(...)`, right or wrong.
  static bool is_meant(std::string_view text);
  /// Throws Error(usage) for an unknown or repeated key, with the nearest, and for a value out of range.
  static Pretraining parse(std::string_view text);
  [[nodiscard]] std::string str() const;
  /// Of one machine with these units.
  [[nodiscard]] RbmOptions options(rbm::UnitKind visible, rbm::UnitKind hidden) const;
};

/// Told what happens, and asked whether to go on. Called from the thread that called pretrain().
class PretrainObserver {
 public:
  virtual ~PretrainObserver() = default;
  virtual void on_rbm_epoch(std::size_t /*machine*/, std::size_t /*machines*/, const RbmEpoch& /*epoch*/,
                            std::size_t /*epochs*/) {}
  virtual void on_machine(std::size_t /*machine*/, const RbmTrainer& /*trainer*/) {}
  virtual bool stop_requested() { return false; }
};

/// Trains a stack: machine l has widths[l] visible and widths[l + 1] hidden units and learns from the hidden means of
/// machine l - 1 (machine 0 from `data`) with options[l], whose `hidden` is replaced. Each machine has random streams
/// of its own. With `labels` the last one has the classes among its visible units. Gives fewer machines where the
/// observer stopped. Deterministic for any number of threads. Throws as RbmTrainer does, naming the machine.
[[nodiscard]] std::vector<rbm::Rbm> pretrain(std::span<const std::size_t> widths, std::span<const RbmOptions> options,
                                             const data::Dataset& data, std::uint64_t seed, bool labels,
                                             ThreadPool& pool, PretrainObserver& observer);

/// The hidden means of a machine for all samples, as a data set with the same labels: what the next machine sees.
/// Label units are taken as absent (zero): what labels give away is no feature.
[[nodiscard]] data::Dataset hidden_features(const rbm::Rbm& machine, const RbmData& data, ThreadPool& pool);

/// The options for each hidden layer of a network: binary hidden units for sigmoid, rectified linear ones for relu,
/// Gaussian ones for identity; `visible` are the units of the data. Throws Error(usage) for another activation.
[[nodiscard]] std::vector<RbmOptions> pretraining_options(const nn::NetworkSpec& network,
                                                          const Pretraining& pretraining,
                                                          rbm::UnitKind visible = rbm::UnitKind::binary);

}  // namespace fanin::train
