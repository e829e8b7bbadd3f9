#include "fanin/nn/gradient_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "fanin/core/error.h"

#include "nn/reference.h"

namespace fanin::nn {
namespace {

struct Batch {
  MatrixView<const float> x;
  std::span<const std::int32_t> labels;  // or none, and
  MatrixView<const float> targets;
  LossKind loss;
  Pass pass;
};

double reference_mean_loss(const Network& network, const Batch& batch, std::span<const double> parameters) {
  double sum = 0;
  for (std::size_t r = 0; r < batch.x.rows; ++r) {
    std::vector<double> values(batch.x.row(r), batch.x.row(r) + batch.x.cols);
    Pass pass = batch.pass;
    pass.first_row = r;
    for (std::size_t l = 0; l < network.layers().size(); ++l) {
      pass.noise = batch.pass.noise.fold_in(l);
      std::vector<double> next(network.layers()[l]->outputs());
      network.layers()[l]->reference(pass, parameters, values, next);
      values = std::move(next);
    }
    sum += batch.targets.data == nullptr
               ? reference_loss(batch.loss, values, batch.labels[r])
               : reference_loss(batch.loss, values, std::span(batch.targets.row(r), batch.targets.cols));
  }
  return sum / static_cast<double>(batch.x.rows);
}

std::vector<float> analytic_gradient(Network& network, const Batch& batch) {
  const std::size_t n = batch.x.rows;
  const std::size_t layers = network.layers().size();
  Workspace w = network.workspace(n);
  for (std::size_t r = 0; r < n; ++r) std::copy_n(batch.x.row(r), batch.x.cols, w.values(0, r, 1).data);
  std::vector<float> row_loss(n);
  network.forward(batch.pass, w, 0, n);
  const MatrixView<float> out = w.values(layers, 0, n);
  const float scale = 1.0F / static_cast<float>(n);
  if (batch.targets.data == nullptr) {
    loss_rows(batch.loss, out, batch.labels, scale, w.derivatives(layers, 0, n), row_loss);
  } else {
    loss_rows(batch.loss, out, batch.targets, scale, w.derivatives(layers, 0, n), row_loss);
  }
  network.backward(batch.pass, w, 0, n);
  std::vector<float> gradient(network.values().size());
  network.gradient(w, n, gradient);
  return gradient;
}

// Elements of a parameter to look at: all of a small one, otherwise as many drawn at random.
std::vector<std::size_t> elements_to_check(const Parameter& p, const GradientCheckOptions& options) {
  const std::size_t size = p.shape.elements();
  std::vector<std::size_t> elements;
  if (size <= options.per_parameter) {
    for (std::size_t i = 0; i < size; ++i) elements.push_back(i);
    return elements;
  }
  const random::Stream stream(options.seed, "gradient_check/" + p.name);
  for (std::size_t i = 0; i < options.per_parameter; ++i) {
    elements.push_back(
        static_cast<std::size_t>((std::uint64_t{stream.word(2 * i)} << 32 | stream.word(2 * i + 1)) % size));
  }
  return elements;
}

GradientCheck check(Network& network, const Batch& batch, const GradientCheckOptions& options) {
  const std::vector<float> gradient = analytic_gradient(network, batch);
  double floor = 0;
  for (const float g : gradient) floor = std::max(floor, 1e-3 * std::abs(static_cast<double>(g)));
  std::vector<double> parameters(network.values().begin(), network.values().end());
  GradientCheck result;
  for (const Parameter& p : network.parameters()) {
    for (const std::size_t i : elements_to_check(p, options)) {
      double& value = parameters[p.offset + i];
      const double kept = value;
      const double h = options.step * std::max(1.0, std::abs(kept));
      value = kept + h;
      const double above = reference_mean_loss(network, batch, parameters);
      value = kept - h;
      const double below = reference_mean_loss(network, batch, parameters);
      value = kept;
      const double numeric = (above - below) / (2 * h);
      const double analytic = gradient[p.offset + i];
      const double scale = std::max({std::abs(analytic), std::abs(numeric), floor});
      double error = scale == 0 ? 0 : std::abs(analytic - numeric) / scale;
      // A NaN compares with nothing and would be forgotten by the next element.
      if (!std::isfinite(error)) error = std::numeric_limits<double>::infinity();
      ++result.checked;
      if (error > result.worst_error) {
        result.worst_error = error;
        result.worst_place = fmt::format("{}[{}]: analytic {}, numeric {}", p.name, i, analytic, numeric);
      }
    }
  }
  return result;
}

Pass pass_of(const GradientCheckOptions& options) {
  return {options.training, random::Stream(options.seed, "gradient_check")};
}

}  // namespace

void GradientCheckOptions::validate() const {
  if (!(step > 0 && step <= 1e-2)) {
    throw Error(ErrorKind::usage, "gradient_check", fmt::format("step {} given, allowed is 0 < step <= 0.01", step));
  }
  if (per_parameter == 0) {
    throw Error(ErrorKind::usage, "gradient_check", "0 elements per parameter given, at least 1 is needed");
  }
}

GradientCheck check_gradient(Network& network, LossKind loss, MatrixView<const float> x,
                             std::span<const std::int32_t> labels, const GradientCheckOptions& options) {
  options.validate();
  if (x.rows == 0 || x.cols != network.inputs() || labels.size() != x.rows) {
    throw Error(ErrorKind::usage, "gradient_check",
                fmt::format("a batch [{}, {}] with {} labels given, the network takes [n, {}] with n labels", x.rows,
                            x.cols, labels.size(), network.inputs()));
  }
  return check(network, {x, labels, {}, loss, pass_of(options)}, options);
}

GradientCheck check_gradient(Network& network, LossKind loss, MatrixView<const float> x,
                             MatrixView<const float> targets, const GradientCheckOptions& options) {
  options.validate();
  if (x.rows == 0 || x.cols != network.inputs() || targets.rows != x.rows || targets.cols != network.outputs()) {
    throw Error(ErrorKind::usage, "gradient_check",
                fmt::format("a batch [{}, {}] with targets [{}, {}] given, the network takes [n, {}] with [n, {}]",
                            x.rows, x.cols, targets.rows, targets.cols, network.inputs(), network.outputs()));
  }
  return check(network, {x, {}, targets, loss, pass_of(options)}, options);
}

}  // namespace fanin::nn
