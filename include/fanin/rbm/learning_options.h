#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fanin/linalg/zeros.h"

namespace fanin::rbm {

/// Where the samples of the model, the second term of the gradient, come from.
enum class Sampler {
  cd,         ///< contrastive divergence: k Gibbs steps from each sample of the batch (Hinton 2002)
  pcd,        ///< persistent CD: k Gibbs steps a training step of chains that go on (Tieleman 2008)
  tempering,  ///< pcd whose chains exchange states with chains at higher temperatures (Desjardins et al. 2010)
  exact,      ///< no samples: the model's expectations by enumeration; binary units, one layer of at most 22
};

/// `cd`, `pcd`, `tempering`, `exact`. Throws Error(usage) for another name and suggests the nearest.
[[nodiscard]] Sampler parse_sampler(std::string_view text);
[[nodiscard]] std::string str(Sampler sampler);

/// How a machine learns, see ContrastiveDivergence.
struct ContrastiveDivergenceOptions {
  Sampler sampler = Sampler::cd;
  std::size_t k = 1;              ///< Gibbs steps, 1 to 1000
  std::size_t chains = 0;         ///< of pcd and tempering: 1 to 65536; 0 stands for as many as the batch has samples
  std::size_t temperatures = 10;  ///< of tempering, 2 to 1000: inverse temperatures m / (temperatures - 1)
  bool visible_states = false;    ///< cd: samples, not means, of the visible units go on; the others always sample
  double learning_rate = 0.1;     ///< above 0, at most 1e3
  double momentum = 0;            ///< 0 <= momentum < 1
  double weight_decay = 0;        ///< L2 on W alone, [0, 1]
  double l1 = 0;                  ///< L1 on W alone, [0, 1]
  bool centered = false;          ///< follow the gradient of the centered parameterization
  double offset_rate = 0.01;      ///< of the offsets' sliding mean, (0, 1]
  double sparsity_target = 0;     ///< wanted mean activity of the hidden units, [0, 1); 0 asks for none
  double sparsity_cost = 0.1;     ///< its weight, [0, 1e3]
  double sparsity_decay = 0.9;    ///< of the sliding mean of activities, [0, 1)
  bool explosion_guard = false;   ///< shrink the machine when its reconstructions spread twice as far as the data
  std::size_t batch = 100;        ///< 1 to 2^20
  std::uint64_t seed = 0;         ///< of the units' states
  linalg::Zeros zeros = linalg::Zeros::automatic;

  /// Throws Error(usage) naming the option, its value and what is allowed.
  void validate() const;
};

}  // namespace fanin::rbm
