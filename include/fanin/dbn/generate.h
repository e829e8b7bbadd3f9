#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fanin/core/matrix_view.h"
#include "fanin/core/thread_pool.h"
#include "fanin/dbn/model.h"

namespace fanin::dbn {

struct GenerateOptions {
  std::size_t steps = 1000;  ///< of Gibbs sampling in the top RBM, 1 to 10^7
  std::uint64_t seed = 0;

  /// Throws Error(usage) naming the option, its value and what is allowed.
  void validate() const;
};

/// Rows of `out` [n, model.inputs()]: samples of the model, as means of the visible units given the units above them.
/// Each row is a chain of its own: as in the paper it begins with a random picture, each unit 1 or 0 alike, taken
/// upward by Model::up(), of whose means the top RBM's visible units are samples; no free label is on yet. Then `steps`
/// times h ~ p(h | v, y), v ~ p(v | h) and y ~ p(y | h), then one pass of samples down the directed layers. With
/// `labels`, one for each row, y is held at that class; without any it moves freely. A function of (options, model,
/// labels, n) for any number of threads. Throws Error(usage) for invalid options, shapes that do not fit, and labels
/// that are no class of the model.
void generate(const Model& model, const GenerateOptions& options, std::span<const std::int32_t> labels,
              MatrixView<float> out, ThreadPool& pool);

/// p [n, K], rbm::label_probabilities() of the top RBM for rows x [n, model.inputs()], taken upward by Model::up().
void label_probabilities(const Model& model, MatrixView<const float> x, MatrixView<float> p);

}  // namespace fanin::dbn
