#pragma once

#include "fanin/core/matrix_view.h"
#include "fanin/rbm/rbm.h"

namespace fanin::rbm {

/// p [n, K], p(y | v) for rows v [n, spec().visible], exact: proportional to e^-F(v, y) over the K one-hot labels y,
/// with hidden units summed in float64 from terms in float32 (Hinton 2010, section 16; Larochelle and Bengio 2008,
/// eq. 2). Rows do not see each other. Throws Error(usage) without labels and for shapes that do not fit,
/// Error(unsupported) unless the hidden units are binary.
void label_probabilities(const Rbm& rbm, MatrixView<const float> v, MatrixView<float> p);

}  // namespace fanin::rbm
