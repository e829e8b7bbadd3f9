#include "fanin/train/autoencoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "fanin/core/error.h"
#include "fanin/data/statistics.h"
#include "fanin/linalg/vector_math.h"

#include "train/forward.h"

namespace fanin::train {
namespace {

std::vector<std::uint32_t> all_of(const data::Dataset& data) {
  std::vector<std::uint32_t> all(data.size());
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

// Linear layers and what stands between them: the plane after hidden layer `layer`.
std::size_t plane_after(const nn::NetworkSpec& spec, std::size_t layer) {
  const std::size_t each = spec.dropout > 0 ? 3 : 2;
  return each * layer + 2;
}

}  // namespace

nn::NetworkSpec mirrored(const nn::NetworkSpec& encoder, const nn::Activation& code) {
  encoder.validate();
  nn::NetworkSpec spec = encoder;
  spec.widths.insert(spec.widths.end(), encoder.widths.rbegin() + 1, encoder.widths.rend());
  spec.activations.clear();
  const std::size_t hidden = encoder.widths.size() - 2;
  for (std::size_t l = 0; l < hidden; ++l) spec.activations.push_back(encoder.activation_of(l));
  spec.activations.push_back(code);
  for (std::size_t l = hidden; l-- > 0;) spec.activations.push_back(encoder.activation_of(l));
  spec.parse_activations(spec.activations_str());  // one name where they are all the same
  return spec;
}

void require_mirrored(const nn::NetworkSpec& spec) {
  if (spec.widths.size() % 2 == 1 && spec.widths.size() > 2 &&
      std::equal(spec.widths.begin(), spec.widths.end(), spec.widths.rbegin())) {
    return;
  }
  throw Error(ErrorKind::usage, "autoencoder",
              fmt::format("{} does not read the same backwards around a code in the middle, as 784-500-30-500-784 does",
                          spec.widths_str()));
}

std::size_t code_index(const nn::NetworkSpec& spec) {
  require_mirrored(spec);
  return spec.widths.size() / 2 - 1;
}

Reconstruction evaluate_autoencoder(const nn::Network& network, const data::Dataset& data, nn::LossKind loss,
                                    ThreadPool& pool, std::span<const std::uint32_t> indices) {
  check_autoencoder_fit(network, data, loss);
  std::vector<std::uint32_t> all;
  if (indices.empty()) indices = all = all_of(data);
  Reconstruction r;
  r.samples = indices.size();
  r.sample_squared_error.resize(r.samples);
  std::vector<float> losses(r.samples);
  const std::size_t last = network.layers().size();
  const auto width = static_cast<float>(network.outputs());
  forward_all(network, data, indices, data::PixelRange::unit, pool, [&](const ForwardRows& rows) {
    const MatrixView<float> inputs = rows.workspace.values(0, rows.first, rows.count);
    const MatrixView<float> outputs = rows.workspace.values(last, rows.first, rows.count);
    const std::span<float> errors = std::span(r.sample_squared_error).subspan(rows.sample, rows.count);
    const std::span<float> of_loss = std::span(losses).subspan(rows.sample, rows.count);
    nn::loss_rows(loss, outputs, inputs, 1.0F, MatrixView<float>(), of_loss);
    if (loss == nn::LossKind::sigmoid_cross_entropy) {
      nn::sigmoid_squared_error(outputs, inputs, errors);
    } else {
      for (std::size_t i = 0; i < rows.count; ++i) errors[i] = of_loss[i] * width;
    }
  });
  r.loss = nn::mean(losses);
  r.squared_error = nn::mean(r.sample_squared_error);
  return r;
}

std::vector<float> reconstructions(const nn::Network& network, const data::Dataset& data, nn::LossKind loss,
                                   std::span<const std::uint32_t> indices, ThreadPool& pool) {
  check_autoencoder_fit(network, data, loss);
  const std::size_t last = network.layers().size();
  const std::size_t n = network.outputs();
  std::vector<float> made(indices.size() * n);
  forward_all(network, data, indices, data::PixelRange::unit, pool, [&](const ForwardRows& rows) {
    const MatrixView<float> outputs = rows.workspace.values(last, rows.first, rows.count);
    for (std::size_t i = 0; i < rows.count; ++i) {
      const std::span<float> to = std::span(made).subspan((rows.sample + i) * n, n);
      std::copy_n(outputs.row(i), n, to.begin());
      if (loss == nn::LossKind::sigmoid_cross_entropy) linalg::sigmoid(to, to);
    }
  });
  return made;
}

std::vector<float> hidden_values(const nn::NetworkSpec& spec, const nn::Network& network, std::size_t layer,
                                 const data::Dataset& data, ThreadPool& pool) {
  (void)spec.activation_of(layer);
  if (data.features() != network.inputs()) {
    throw Error(ErrorKind::usage, "autoencoder",
                fmt::format("{} has {} features a sample, the network takes {}", data.name(), data.features(),
                            network.inputs()));
  }
  const std::size_t n = spec.widths[layer + 1];
  const std::size_t plane = plane_after(spec, layer);
  std::vector<float> values(data.size() * n);
  forward_all(network, data, all_of(data), data::PixelRange::unit, pool, [&](const ForwardRows& rows) {
    const MatrixView<float> from = rows.workspace.values(plane, rows.first, rows.count);
    for (std::size_t i = 0; i < rows.count; ++i) std::copy_n(from.row(i), n, values.data() + (rows.sample + i) * n);
  });
  return values;
}

void check_autoencoder_fit(const nn::Network& network, const data::Dataset& data, nn::LossKind loss) {
  if (network.inputs() != network.outputs()) {
    throw Error(ErrorKind::usage, "autoencoder",
                fmt::format("the network has {} outputs for {} inputs, an autoencoder has as many", network.outputs(),
                            network.inputs()));
  }
  if (data.features() != network.inputs()) {
    throw Error(ErrorKind::usage, "autoencoder",
                fmt::format("{} has {} features a sample, the network takes {}", data.name(), data.features(),
                            network.inputs()));
  }
  if (loss != nn::LossKind::sigmoid_cross_entropy) return;
  if (const auto bad = data::first_outside_unit(data)) {
    throw Error(ErrorKind::data, "autoencoder",
                fmt::format("{}: feature {} of sample {} is {}, sigmoid outputs reach 0 to 1; take linear outputs "
                            "(Gaussian visible units) for other values",
                            data.name(), bad->feature, bad->sample, bad->value));
  }
}

std::vector<Finding> autoencoder_findings(const AutoencoderFigures& f) {
  constexpr double kNoBetter = 0.95;
  std::vector<Finding> out;
  if (f.squared_error > kNoBetter * f.mean_error) {
    out.push_back(
        {"W-MEAN",
         fmt::format("squared error {:.2f}, that of the mean of all training samples is {:.2f}: the "
                     "reconstructions are all alike",
                     f.squared_error, f.mean_error),
         "the code says nothing, because the signal dies in the deep layers: start from a stack of 'fanin dbn "
         "pretrain', or from larger weights such as --init xavier_uniform, or train longer"});
  } else if (f.pca_error && f.squared_error > *f.pca_error) {
    out.push_back({"W-PCA",
                   fmt::format("squared error {:.2f}, {} principal components have {:.2f}: a linear code does better",
                               f.squared_error, f.code, *f.pca_error),
                   "more --epochs, another --lr, or start from a stack of 'fanin dbn pretrain'"});
  }
  return out;
}

}  // namespace fanin::train
