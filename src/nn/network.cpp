#include "fanin/nn/network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

#include "core/cache_line.h"

namespace fanin::nn {
namespace {

constexpr std::size_t kMaxWidth = std::size_t{1} << 24;

// Rows an odd number of cache lines apart spread over all sets of the first-level cache; rows 1 KiB apart would share
// a quarter of them.
std::size_t row_stride(std::size_t cols) {
  const std::size_t lines = rounded_to_lines(cols) / kFloatsInLine;
  return (lines + (lines % 2 == 0 ? 1 : 0)) * kFloatsInLine;
}

std::vector<std::unique_ptr<Layer>> make_layers(const NetworkSpec& spec) {
  spec.validate();
  std::vector<std::unique_ptr<Layer>> layers;
  for (std::size_t i = 0; i + 1 < spec.widths.size(); ++i) {
    const std::size_t out = spec.widths[i + 1];
    layers.push_back(linear(spec.widths[i], out, spec.precision, spec.zeros));
    if (i + 2 == spec.widths.size()) break;
    layers.push_back(activation(spec.activation_of(i), out));
    if (spec.dropout > 0) layers.push_back(dropout(spec.dropout, out));
  }
  return layers;
}

}  // namespace

std::vector<std::size_t> NetworkSpec::parse_widths(std::string_view text) {
  std::vector<std::size_t> widths;
  for (const std::string& part : split_outside_parentheses(text, '-')) {
    const auto width = parse_unsigned(part);
    if (!width || *width == 0 || *width > kMaxWidth) {
      throw Error(ErrorKind::usage, "layers",
                  fmt::format("'{}' in '{}' is no layer size, allowed are whole numbers from 1 to {}, as in "
                              "784-256-256-10",
                              part, text, kMaxWidth));
    }
    widths.push_back(*width);
  }
  if (widths.size() < 2) {
    throw Error(ErrorKind::usage, "layers",
                fmt::format("'{}' has one size, at least inputs and outputs are needed, as in 784-10", text));
  }
  return widths;
}

std::string NetworkSpec::widths_str() const {
  return fmt::format("{}", fmt::join(widths, "-"));
}

const Activation& NetworkSpec::activation_of(std::size_t layer) const {
  const std::size_t hidden = widths.size() < 2 ? 0 : widths.size() - 2;
  if (layer >= hidden || (!activations.empty() && layer >= activations.size())) {
    throw Error(ErrorKind::usage, "layers",
                fmt::format("the activation of hidden layer {} asked for, {} has {} hidden layers and {} activations",
                            layer, widths_str(), hidden, activations.size()));
  }
  return activations.empty() ? activation : activations[layer];
}

void NetworkSpec::parse_activations(std::string_view text) {
  std::vector<Activation> all;
  for (const std::string& part : split_outside_parentheses(text, ',')) all.push_back(Activation::parse(part));
  activation = all.front();
  activations.clear();
  if (all.size() > 1) activations = std::move(all);
}

std::string NetworkSpec::activations_str() const {
  if (activations.empty()) return activation.str();
  const bool equal = std::all_of(activations.begin(), activations.end(),
                                 [&](const Activation& a) { return a == activations.front(); });
  if (equal) return activations.front().str();
  std::vector<std::string> names;
  for (const Activation& a : activations) names.push_back(a.str());
  return fmt::format("{}", fmt::join(names, ","));
}

void NetworkSpec::validate() const {
  if (widths.size() < 2) {
    throw Error(ErrorKind::usage, "layers", fmt::format("{} sizes given, at least 2 are needed", widths.size()));
  }
  // The store, its gradient and the optimizer's state must fit in any machine's address space.
  constexpr std::size_t kMaxParameters = std::size_t{1} << 34;
  std::size_t total = 0;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (widths[i] == 0 || widths[i] > kMaxWidth) {
      throw Error(ErrorKind::usage, "layers", fmt::format("size {} given, allowed are 1 to {}", widths[i], kMaxWidth));
    }
    if (i > 0) total += (widths[i - 1] + 1) * widths[i];
    if (total > kMaxParameters) {
      throw Error(ErrorKind::usage, "layers", fmt::format("{} has more than 2^34 parameters", widths_str()));
    }
  }
  if (!activations.empty() && activations.size() != widths.size() - 2) {
    throw Error(ErrorKind::usage, "layers",
                fmt::format("{} activations given for the {} hidden layers of {}, allowed are one for all or one each",
                            activations.size(), widths.size() - 2, widths_str()));
  }
  if (!(dropout >= 0 && dropout < 1)) {
    throw Error(ErrorKind::usage, "dropout", fmt::format("probability {} given, allowed is 0 <= p < 1", dropout));
  }
}

MatrixView<float> Workspace::values(std::size_t layer, std::size_t first, std::size_t count) {
  Plane& p = planes_[planes_[layer].values_at];
  return {p.values.data() + first * p.stride, count, p.cols, p.stride};
}

MatrixView<float> Workspace::derivatives(std::size_t layer, std::size_t first, std::size_t count) {
  Plane& p = planes_[planes_[layer].derivatives_at];
  return {p.derivatives.data() + first * p.stride, count, p.cols, p.stride};
}

Network::Network(const NetworkSpec& spec) : Network(make_layers(spec)) {}

Network::Network(std::vector<std::unique_ptr<Layer>> layers) : layers_(std::move(layers)) {
  if (layers_.empty()) throw Error(ErrorKind::usage, "network", "no layers given, at least one is needed");
  std::size_t size = 0;
  first_trainable_ = layers_.size();
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    if (l > 0 && layers_[l]->inputs() != layers_[l - 1]->outputs()) {
      throw Error(
          ErrorKind::usage, "network",
          fmt::format("layer {} {} does not follow layer {} {}: {} outputs meet {} inputs", l, layers_[l]->str(), l - 1,
                      layers_[l - 1]->str(), layers_[l - 1]->outputs(), layers_[l]->inputs()));
    }
    for (Parameter p : layers_[l]->parameters()) {
      p.name = fmt::format("{}.{}", l, p.name);
      p.layer = l;
      p.offset = size;
      size += rounded_to_lines(p.shape.elements());
      parameters_.push_back(std::move(p));
      first_trainable_ = std::min(first_trainable_, l);
    }
    for (std::size_t b = 0; b < layers_[l]->gradient_blocks(); ++b) blocks_.push_back({l, b});
  }
  values_ = Buffer<float>(size);
  std::size_t training_size = 0;
  for (const auto& layer : layers_) training_size += layer->training_size();
  training_ = Buffer<float>(training_size);
  std::size_t training_offset = 0;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    std::vector<std::size_t> offsets;
    for (const Parameter& p : parameters_) {
      if (p.layer == l) offsets.push_back(p.offset);
    }
    if (offsets.empty()) continue;
    layers_[l]->bind({offsets, values_.data(), training_offset, training_.data(), l > first_trainable_});
    training_offset += layers_[l]->training_size();
  }
}

std::size_t Network::parameter_count() const noexcept {
  std::size_t n = 0;
  for (const Parameter& p : parameters_) n += p.shape.elements();
  return n;
}

void Network::refresh() {
  settle();
  for (const auto& layer : layers_) layer->refresh();
}

void Network::settle() const {
  if (settled_) return;
  from_training_order(training_.span(), values_.span());
  settled_ = true;
}

void Network::require_sizes(std::size_t store, std::size_t training) const {
  if (store == values_.size() && training == training_.size()) return;
  throw Error(ErrorKind::usage, "network",
              fmt::format("{} numbers in the order of the parameters and {} in that of training given, the network has "
                          "{} and {}",
                          store, training, values_.size(), training_.size()));
}

void Network::to_training_order(std::span<const float> store, std::span<float> training) const {
  require_sizes(store.size(), training.size());
  for (const auto& layer : layers_) layer->to_training_order(store.data(), training.data());
}

void Network::from_training_order(std::span<const float> training, std::span<float> store) const {
  require_sizes(store.size(), training.size());
  for (const auto& layer : layers_) layer->from_training_order(training.data(), store.data());
}

Workspace Network::workspace(std::size_t batch, bool derivatives) const {
  Workspace w;
  w.capacity_ = batch;
  for (std::size_t l = 0; l <= layers_.size(); ++l) {
    Workspace::Plane p;
    p.cols = l == 0 ? inputs() : layers_[l - 1]->outputs();
    p.stride = row_stride(p.cols);
    p.values_at = l;
    p.derivatives_at = l;
    // The caller's input stays; whoever comes before must not want its output back.
    if (l > 1 && layers_[l - 1]->elementwise()) {
      const bool overwrites = !layers_[l - 1]->backward_reads_input() && !layers_[l - 2]->backward_reads_output();
      if (!derivatives || overwrites) p.values_at = w.planes_[l - 1].values_at;
      p.derivatives_at = w.planes_[l - 1].derivatives_at;
    }
    if (p.values_at == l) p.values = Buffer<float>(batch * p.stride);
    if (derivatives && l > first_trainable_ && p.derivatives_at == l) p.derivatives = Buffer<float>(batch * p.stride);
    w.planes_.push_back(std::move(p));
  }
  return w;
}

std::size_t Network::after_elementwise(std::size_t l) const {
  while (l < layers_.size() && layers_[l]->elementwise()) ++l;
  return l;
}

namespace {

MatrixView<float> at(const MatrixView<float>& m, const linalg::Block& b) {
  return {m.row(b.row) + b.col, b.rows, b.cols, m.stride};
}

Pass pass_of(const Pass& pass, std::size_t layer, std::size_t first_row, std::size_t first_col) {
  return {pass.training, pass.noise.fold_in(layer), first_row, first_col};
}

}  // namespace

// Element-wise layers do their part on each block that the layer before them has finished.
void Network::forward(const Pass& pass, Workspace& w, std::size_t first, std::size_t count) const {
  for (std::size_t l = 0; l < layers_.size();) {
    const std::size_t end = after_elementwise(l + 1);
    const auto follow = [&](const linalg::Block& b) {
      for (std::size_t e = l + 1; e < end; ++e) {
        layers_[e]->forward(pass_of(pass, e, first + b.row, b.col), at(w.values(e, first, count), b),
                            at(w.values(e + 1, first, count), b));
      }
    };
    layers_[l]->forward_blocks(pass_of(pass, l, first, 0), w.values(l, first, count), w.values(l + 1, first, count),
                               follow);
    l = end;
  }
}

void Network::backward(const Pass& pass, Workspace& w, std::size_t first, std::size_t count) const {
  const std::size_t lowest = first_trainable_ + 1;
  for (std::size_t l = layers_.size(); l-- > lowest;) {
    std::size_t begin = l;
    while (begin > lowest && layers_[begin - 1]->elementwise()) --begin;
    const auto follow = [&](const linalg::Block& b) {
      for (std::size_t e = l; e-- > begin;) {
        layers_[e]->backward(pass_of(pass, e, first + b.row, b.col), at(w.values(e, first, count), b),
                             at(w.values(e + 1, first, count), b), at(w.derivatives(e + 1, first, count), b),
                             at(w.derivatives(e, first, count), b));
      }
    };
    layers_[l]->backward_blocks(pass_of(pass, l, first, 0), w.values(l, first, count), w.values(l + 1, first, count),
                                w.derivatives(l + 1, first, count), w.derivatives(l, first, count), follow);
    l = begin;
  }
}

void Network::gradient(std::size_t block, Workspace& w, std::size_t batch, GradientReady ready) {
  const Block& b = blocks_[block];
  layers_[b.layer]->gradient(b.index, w.values(b.layer, 0, batch), w.derivatives(b.layer + 1, 0, batch), ready);
}

void Network::gradient(Workspace& w, std::size_t batch, std::span<float> store) {
  ThreadPool one(1);
  gradient(w, batch, store, one);
}

void Network::gradient(Workspace& w, std::size_t batch, std::span<float> store, ThreadPool& pool) {
  require_sizes(store.size(), training_.size());
  Buffer<float> training(training_.size());
  pool.run(blocks_.size(), [&](std::size_t b) {
    gradient(b, w, batch, [&](const GradientPiece& piece) {
      for (std::size_t i = 0; i < piece.values.rows; ++i) {
        std::copy_n(piece.values.row(i), piece.values.cols, training.data() + piece.first + i * piece.stride);
      }
    });
  });
  from_training_order(training.span(), store);
}

}  // namespace fanin::nn
