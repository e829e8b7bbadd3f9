#pragma once

#include "fanin/init/data_report.h"

#include "init/layers.h"

namespace fanin::init {

/// Gives every unit of layer k outputs of variance 1 around `mean` over the batch: W_u / s_u, (b_u - m_u) / s_u + mean.
/// Units that are constant keep their weights. `size` is that of the weights that the report calls its beginning.
/// Fills in the layer's report and adds findings.
void scale_units(Layers& layers, std::size_t k, double mean, double size, DataReport& report);

}  // namespace fanin::init
