#include "fanin/train/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "fanin/core/error.h"

#include "train/forward.h"

namespace fanin::train {
namespace {

std::int32_t largest(const float* row, std::size_t n) {
  return static_cast<std::int32_t>(std::max_element(row, row + n) - row);
}

// Where hidden units stand among the layers: the outputs of every layer without parameters that follows one with.
std::vector<std::size_t> hidden_planes(const nn::Network& network) {
  std::vector<std::size_t> planes;
  const auto layers = network.layers();
  for (std::size_t l = 0; l + 1 < layers.size(); ++l) {
    if (layers[l]->gradient_blocks() == 0 && l > 0 && layers[l - 1]->gradient_blocks() > 0) planes.push_back(l + 1);
  }
  return planes;
}

void mark_alive(MatrixView<const float> h, std::uint8_t* alive) {
  for (std::size_t r = 0; r < h.rows; ++r) {
    const float* row = h.row(r);
    for (std::size_t j = 0; j < h.cols; ++j) alive[j] |= static_cast<std::uint8_t>(row[j] != 0.0F);
  }
}

}  // namespace

void check_fit(const nn::Network& network, const data::Dataset& data) {
  if (data.features() != network.inputs()) {
    throw Error(ErrorKind::usage, "train",
                fmt::format("{} has {} features a sample, the network takes {}", data.name(), data.features(),
                            network.inputs()));
  }
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (static_cast<std::size_t>(data.labels()[i]) >= network.outputs()) {
      throw Error(ErrorKind::data, "train",
                  fmt::format("{}: label {} of sample {} is outside 0..{}, the network has {} outputs", data.name(),
                              data.labels()[i], i, network.outputs() - 1, network.outputs()));
    }
  }
}

Evaluation evaluate(const nn::Network& network, const data::Dataset& data, nn::LossKind loss, ThreadPool& pool,
                    data::PixelRange range, std::span<const std::uint32_t> indices) {
  check_fit(network, data);
  std::vector<std::uint32_t> all;
  if (indices.empty()) {
    all.resize(data.size());
    std::iota(all.begin(), all.end(), 0U);
    indices = all;
  }
  Evaluation e;
  e.samples = indices.size();
  e.predictions.resize(e.samples);
  e.sample_loss.resize(e.samples);
  if (e.samples == 0) return e;

  const std::vector<std::size_t> hidden = hidden_planes(network);
  std::size_t hidden_units = 0;
  for (const std::size_t plane : hidden) hidden_units += network.layers()[plane - 1]->outputs();
  const std::size_t places = forward_places(e.samples);
  std::vector<std::uint8_t> alive(places * hidden_units);
  std::vector<std::int32_t> labels(e.samples);
  for (std::size_t i = 0; i < e.samples; ++i) labels[i] = data.labels()[indices[i]];

  const std::size_t last = network.layers().size();
  forward_all(network, data, indices, range, pool, [&](const ForwardRows& rows) {
    const std::size_t n = rows.count;
    const MatrixView<float> out = rows.workspace.values(last, rows.first, n);
    nn::loss_rows(loss, out, std::span(labels).subspan(rows.sample, n), 1.0F, MatrixView<float>(),
                  std::span(e.sample_loss).subspan(rows.sample, n));
    for (std::size_t r = 0; r < n; ++r) e.predictions[rows.sample + r] = largest(out.row(r), out.cols);
    std::uint8_t* units = alive.data() + rows.place * hidden_units;
    for (const std::size_t plane : hidden) {
      mark_alive(rows.workspace.values(plane, rows.first, n), units);
      units += network.layers()[plane - 1]->outputs();
    }
  });

  std::size_t correct = 0;
  for (std::size_t i = 0; i < e.samples; ++i) correct += e.predictions[i] == labels[i] ? 1 : 0;
  e.accuracy = static_cast<double>(correct) / static_cast<double>(e.samples);
  e.loss = nn::mean(e.sample_loss);
  std::size_t dead = 0;
  for (std::size_t u = 0; u < hidden_units; ++u) {
    bool any = false;
    for (std::size_t s = 0; s < places; ++s) any = any || alive[s * hidden_units + u] != 0;
    dead += any ? 0 : 1;
  }
  e.dead_fraction = hidden_units == 0 ? 0 : static_cast<double>(dead) / static_cast<double>(hidden_units);
  return e;
}

std::vector<float> outputs(const nn::Network& network, const data::Dataset& data,
                           std::span<const std::uint32_t> indices) {
  check_fit(network, data);
  std::vector<float> result(indices.size() * network.outputs());
  if (indices.empty()) return result;
  nn::Workspace w = network.workspace(std::min(kForwardRows, indices.size()), false);
  for (std::size_t first = 0; first < indices.size(); first += kForwardRows) {
    const std::size_t n = std::min(kForwardRows, indices.size() - first);
    data.gather(indices.subspan(first, n), w.values(0, 0, n));
    network.forward(nn::Pass{}, w, 0, n);
    const MatrixView<float> out = w.values(network.layers().size(), 0, n);
    for (std::size_t r = 0; r < n; ++r) std::copy_n(out.row(r), out.cols, result.data() + (first + r) * out.cols);
  }
  return result;
}

}  // namespace fanin::train
