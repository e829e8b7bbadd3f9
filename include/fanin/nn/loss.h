#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "fanin/core/matrix_view.h"

namespace fanin::nn {

enum class LossKind {
  softmax_cross_entropy,  ///< nn.CrossEntropyLoss
  mean_squared_error,     ///< nn.MSELoss
  sigmoid_cross_entropy,  ///< nn.BCEWithLogitsLoss with reduction='sum', of each row; for targets, not for labels
};

/// `softmax_cross_entropy`, `mean_squared_error`, `sigmoid_cross_entropy`. Throws Error(usage) for another name and
/// suggests the nearest.
[[nodiscard]] LossKind parse_loss(std::string_view text);
[[nodiscard]] std::string str(LossKind kind);

/// The losses work row by row, so that a batch may be cut into slabs of rows and handed to several threads.
///
/// Each row's results depend on that row alone: sums over a row run in 16 interleaved partial sums that are combined
/// in a fixed tree, so the bits are the same for every slab, thread count and SIMD target. Matrices are [rows, classes]
/// and may have any stride. The gradient is that of scale * (sum of the rows' losses): scale = 1 / batch makes it the
/// gradient of the batch's mean. A gradient view without data (nullptr) asks for the losses alone. The gradient may be
/// written over the logits or outputs themselves. A row with a NaN or a +infinity has the loss NaN.
/// All throw Error(usage) where shapes differ or there are no columns, Error(data) for a label outside [0, classes),
/// before anything is written.

/// row_loss[r] = log(sum_c e^z_rc) - z_r,label, dlogits_rc = (softmax(z_r)_c - [c = label]) * scale, for logits z.
/// The largest logit is subtracted first, so that logits of any finite size give finite losses.
void softmax_cross_entropy(MatrixView<const float> logits, std::span<const std::int32_t> labels, float scale,
                           MatrixView<float> dlogits, std::span<float> row_loss);

/// row_loss[r] = sum_c (y_rc - t_rc)^2 / cols, doutputs_rc = 2 (y_rc - t_rc) / cols * scale.
void mean_squared_error(MatrixView<const float> outputs, MatrixView<const float> targets, float scale,
                        MatrixView<float> doutputs, std::span<float> row_loss);

/// The same with one-hot targets, t_rc = [c = label].
void mean_squared_error(MatrixView<const float> outputs, std::span<const std::int32_t> labels, float scale,
                        MatrixView<float> doutputs, std::span<float> row_loss);

/// row_loss[r] = sum_i log(1 + e^z_ri) - t_ri z_ri, dlogits_ri = (sigmoid(z_ri) - t_ri) * scale: the cross-entropy in
/// nats of independent units that are 1 with probability sigmoid(z) against targets in [0, 1], not divided by the
/// columns (BCEWithLogitsLoss with reduction='sum'). What an autoencoder learns by, its targets being its inputs.
/// Each term is max(z, 0) - t z + log(1 + e^-|z|), exact to the last digits also where it is next to 0. A logit that is
/// infinite or NaN gives a loss that is not finite.
void sigmoid_cross_entropy(MatrixView<const float> logits, MatrixView<const float> targets, float scale,
                           MatrixView<float> dlogits, std::span<float> row_loss);

/// row_error[r] = sum_i (t_ri - sigmoid(z_ri))^2: the squared error of a reconstruction, as the literature states it
/// for each image.
void sigmoid_squared_error(MatrixView<const float> logits, MatrixView<const float> targets, std::span<float> row_error);

/// The loss of `kind` for class labels: softmax_cross_entropy() or mean_squared_error(). Throws Error(usage) for
/// another kind, which has no labels.
void loss_rows(LossKind kind, MatrixView<const float> outputs, std::span<const std::int32_t> labels, float scale,
               MatrixView<float> doutputs, std::span<float> row_loss);
/// The loss of `kind` for targets [rows, outputs]: sigmoid_cross_entropy() or mean_squared_error(). Throws
/// Error(usage) for another kind, which has no targets.
void loss_rows(LossKind kind, MatrixView<const float> outputs, MatrixView<const float> targets, float scale,
               MatrixView<float> doutputs, std::span<float> row_loss);

/// The loss of a guess that knows nothing: ln C for the cross-entropy of equal logits, (C - 1) / C^2 for the squared
/// error of outputs 1 / C against one-hot targets, C ln 2 for C independent units at one half.
[[nodiscard]] double loss_of_even_guess(LossKind kind, std::size_t classes);

/// probabilities_rc = e^(z_rc - max_r) / sum_c e^(z_rc - max_r). `probabilities` may be `logits` itself.
void softmax(MatrixView<const float> logits, MatrixView<float> probabilities);

/// The mean in float64, summed in row order. Throws Error(usage) for no rows.
[[nodiscard]] double mean(std::span<const float> row_loss);

}  // namespace fanin::nn
