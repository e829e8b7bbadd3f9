#pragma once

#include <cstdint>

#include "fanin/core/thread_pool.h"
#include "fanin/init/data_report.h"
#include "fanin/init/gradient_ratio.h"
#include "fanin/init/layer_access.h"

namespace fanin::init {

/// Where the directions of a layer's weights come from. x is a row of its inputs, m their mean, C = V L V^T their
/// covariance, of which directions with eigenvalues below 1e-8 of the largest do not count.
enum class DataWeights {
  given,    ///< they are there already
  pca,      ///< W = L^-1/2 V^T: the leading principal components, so that outputs are uncorrelated with variance 1
  zca,      ///< rows of V L^-1/2 V^T: those of all inputs, in order, or of as many random ones that vary
  kmeans,   ///< centres of k-means on inputs that are whitened by pca and have length 1, taken back to the inputs
  patches,  ///< as many random ones of these whitened inputs, taken back
};

struct KrahenbuhlOptions {
  DataWeights weights = DataWeights::given;
  double bias = 0.1;      ///< the mean that every unit's outputs get
  bool calibrate = true;  ///< make the gradient ratios of all layers agree afterwards
  GradientRatioOptions ratio;

  /// Throws Error(usage) naming the option, its value and what is allowed.
  void validate() const;
};

/// Data-dependent initialization (Krähenbühl, Doersch, Donahue & Darrell 2016, algorithms 1 and 2): for each layer from
/// the first to the last the weights are made of its inputs, where `weights` says so, and then every unit u with the
/// mean m_u and the std s_u over the batch gets W_u / s_u and the bias (b_u - m_u) / s_u + options.bias. At the end
/// calibrate_gradient_ratios(), after which outputs have other scales again.
///
/// Random choices come from Stream(seed, layer name + "/data weights"). Units whose outputs are constant keep their
/// weights and are counted; they, layers without biases and ratios that do not agree are findings. Throws as lsuv() and
/// as calibrate_gradient_ratios(), and Error(numeric) where a layer has more units than its inputs can serve:
/// directions that they span (pca), inputs that vary (zca, unless there are as many units as inputs), different rows
/// (kmeans), rows (patches). Deterministic as lsuv(). Weights of the data take all eigenpairs of a matrix of inputs x
/// inputs, about 7 inputs^3 operations.
DataReport krahenbuhl(LayerAccess& network, const KrahenbuhlOptions& options, std::uint64_t seed, ThreadPool& pool);

}  // namespace fanin::init
