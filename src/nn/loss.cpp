#include "fanin/nn/loss.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/loss.cpp"
#include <hwy/foreach_target.h>

#include "nn/loss_kernels-inl.h"

#if HWY_ONCE
namespace fanin::nn {
namespace {

HWY_EXPORT(softmax_rows);
HWY_EXPORT(cross_entropy_rows);
HWY_EXPORT(squared_error_rows);
HWY_EXPORT(sigmoid_cross_entropy_rows);
HWY_EXPORT(sigmoid_squared_error_rows);

void check_same_shape(std::string_view what, MatrixView<const float> matrix, MatrixView<const float> outputs) {
  if (matrix.rows == outputs.rows && matrix.cols == outputs.cols) return;
  throw Error(ErrorKind::usage, "loss",
              fmt::format("{} are [{}, {}] for outputs of [{}, {}], the shapes must be equal", what, matrix.rows,
                          matrix.cols, outputs.rows, outputs.cols));
}

void check_rows(std::string_view what, std::size_t count, MatrixView<const float> outputs) {
  if (count == outputs.rows) return;
  throw Error(ErrorKind::usage, "loss",
              fmt::format("{} {} for {} rows of outputs, one for each row is needed", count, what, outputs.rows));
}

void check(MatrixView<const float> outputs, MatrixView<const float> gradient, std::size_t row_losses) {
  if (outputs.rows != 0 && outputs.cols == 0) {
    throw Error(ErrorKind::usage, "loss", "the outputs have 0 columns, at least 1 is needed");
  }
  if (gradient.data != nullptr) check_same_shape("gradients", gradient, outputs);
  check_rows("row losses", row_losses, outputs);
}

void check_labels(MatrixView<const float> outputs, std::span<const std::int32_t> labels) {
  check_rows("labels", labels.size(), outputs);
  for (std::size_t r = 0; r < labels.size(); ++r) {
    if (labels[r] >= 0 && static_cast<std::size_t>(labels[r]) < outputs.cols) continue;
    throw Error(ErrorKind::data, "loss",
                fmt::format("the label of row {} is {}, allowed is 0 to {}", r, labels[r], outputs.cols - 1));
  }
}

}  // namespace

LossKind parse_loss(std::string_view text) {
  const std::string_view name = trimmed(text);
  std::vector<std::string> names;
  for (const LossKind kind :
       {LossKind::softmax_cross_entropy, LossKind::mean_squared_error, LossKind::sigmoid_cross_entropy}) {
    names.push_back(str(kind));
    if (names.back() == name) return kind;
  }
  throw Error(ErrorKind::usage, "loss", fmt::format("no loss '{}'{}", name, did_you_mean(name, names)));
}

std::string str(LossKind kind) {
  switch (kind) {
    case LossKind::softmax_cross_entropy:
      return "softmax_cross_entropy";
    case LossKind::mean_squared_error:
      return "mean_squared_error";
    case LossKind::sigmoid_cross_entropy:
      return "sigmoid_cross_entropy";
  }
  throw Error(ErrorKind::usage, "loss", fmt::format("no loss has the number {}", static_cast<int>(kind)));
}

void softmax_cross_entropy(MatrixView<const float> logits, std::span<const std::int32_t> labels, float scale,
                           MatrixView<float> dlogits, std::span<float> row_loss) {
  check(logits, dlogits, row_loss.size());
  check_labels(logits, labels);
  HWY_DYNAMIC_DISPATCH(cross_entropy_rows)(logits, labels.data(), scale, dlogits, row_loss.data());
}

void mean_squared_error(MatrixView<const float> outputs, MatrixView<const float> targets, float scale,
                        MatrixView<float> doutputs, std::span<float> row_loss) {
  check(outputs, doutputs, row_loss.size());
  check_same_shape("targets", targets, outputs);
  HWY_DYNAMIC_DISPATCH(squared_error_rows)(outputs, targets, nullptr, scale, doutputs, row_loss.data());
}

void mean_squared_error(MatrixView<const float> outputs, std::span<const std::int32_t> labels, float scale,
                        MatrixView<float> doutputs, std::span<float> row_loss) {
  check(outputs, doutputs, row_loss.size());
  check_labels(outputs, labels);
  HWY_DYNAMIC_DISPATCH(squared_error_rows)(outputs, {}, labels.data(), scale, doutputs, row_loss.data());
}

void sigmoid_cross_entropy(MatrixView<const float> logits, MatrixView<const float> targets, float scale,
                           MatrixView<float> dlogits, std::span<float> row_loss) {
  check(logits, dlogits, row_loss.size());
  check_same_shape("targets", targets, logits);
  HWY_DYNAMIC_DISPATCH(sigmoid_cross_entropy_rows)(logits, targets, scale, dlogits, row_loss.data());
}

void sigmoid_squared_error(MatrixView<const float> logits, MatrixView<const float> targets,
                           std::span<float> row_error) {
  check(logits, {}, row_error.size());
  check_same_shape("targets", targets, logits);
  HWY_DYNAMIC_DISPATCH(sigmoid_squared_error_rows)(logits, targets, row_error.data());
}

void softmax(MatrixView<const float> logits, MatrixView<float> probabilities) {
  check(logits, {}, logits.rows);
  check_same_shape("probabilities", probabilities, logits);
  HWY_DYNAMIC_DISPATCH(softmax_rows)(logits, probabilities);
}

double loss_of_even_guess(LossKind kind, std::size_t classes) {
  const auto c = static_cast<double>(classes);
  if (kind == LossKind::sigmoid_cross_entropy) return c * std::log(2.0);
  return kind == LossKind::softmax_cross_entropy ? std::log(c) : (c - 1) / (c * c);
}

double mean(std::span<const float> row_loss) {
  if (row_loss.empty())
    throw Error(ErrorKind::usage, "loss", "the mean of 0 rows does not exist, at least 1 is needed");
  double sum = 0;
  for (const float loss : row_loss) sum += static_cast<double>(loss);
  return sum / static_cast<double>(row_loss.size());
}

void loss_rows(LossKind kind, MatrixView<const float> outputs, std::span<const std::int32_t> labels, float scale,
               MatrixView<float> doutputs, std::span<float> row_loss) {
  if (kind == LossKind::mean_squared_error) {
    mean_squared_error(outputs, labels, scale, doutputs, row_loss);
  } else if (kind == LossKind::softmax_cross_entropy) {
    softmax_cross_entropy(outputs, labels, scale, doutputs, row_loss);
  } else {
    throw Error(ErrorKind::usage, "loss", fmt::format("{} compares with targets, class labels given", str(kind)));
  }
}

void loss_rows(LossKind kind, MatrixView<const float> outputs, MatrixView<const float> targets, float scale,
               MatrixView<float> doutputs, std::span<float> row_loss) {
  if (kind == LossKind::mean_squared_error) {
    mean_squared_error(outputs, targets, scale, doutputs, row_loss);
  } else if (kind == LossKind::sigmoid_cross_entropy) {
    sigmoid_cross_entropy(outputs, targets, scale, doutputs, row_loss);
  } else {
    throw Error(ErrorKind::usage, "loss", fmt::format("{} compares with class labels, targets given", str(kind)));
  }
}

}  // namespace fanin::nn
#endif
