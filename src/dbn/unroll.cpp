#include "fanin/dbn/unroll.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "fanin/core/error.h"

namespace fanin::dbn {
namespace {

[[noreturn]] void reject(const std::string& sentence) {
  throw Error(ErrorKind::usage, "dbn", sentence);
}

/// The places of one linear layer in a network.
struct Linear {
  const nn::Parameter* weight = nullptr;
  const nn::Parameter* bias = nullptr;
};

std::vector<Linear> linear_layers(const nn::Network& network) {
  std::vector<Linear> all;
  for (const nn::Parameter& p : network.parameters()) {
    if (p.role == nn::Role::weight) all.push_back({&p, nullptr});
    if (p.role == nn::Role::bias && !all.empty() && all.back().weight->layer == p.layer) all.back().bias = &p;
  }
  return all;
}

void require_fit(const Stack& stack, const nn::Network& network, const std::vector<Linear>& linear) {
  if (linear.size() <= stack.depth()) {
    reject(fmt::format("{} linear layers cannot hold {} RBMs and an output layer", linear.size(), stack.depth()));
  }
  for (std::size_t l = 0; l < stack.depth(); ++l) {
    const rbm::Rbm& rbm = stack.layer(l);
    const Shape wanted{rbm.hidden(), rbm.spec().visible};
    const nn::Parameter& weight = *linear[l].weight;
    if (weight.shape != wanted || linear[l].bias == nullptr) {
      reject(fmt::format("'{}' {} cannot hold the weights {} of RBM {}", weight.name, weight.shape.str(), wanted.str(),
                         l));
    }
    const std::string activation = activation_of(rbm.spec().hidden_units).str();
    const std::size_t next = weight.layer + 1;
    const std::string found = next < network.layers().size() ? network.layers()[next]->str() : "nothing";
    if (found != activation) {
      reject(fmt::format("after '{}' comes {}, the {} units of RBM {} need {}", weight.name, found,
                         rbm::str(rbm.spec().hidden_units), l, activation));
    }
  }
}

bool same_bytes(const float* a, const float* b, std::size_t n) {
  return std::memcmp(a, b, n * sizeof(float)) == 0;
}

}  // namespace

nn::Activation activation_of(rbm::UnitKind kind) {
  switch (kind) {
    case rbm::UnitKind::binary:
      return nn::ActivationKind::sigmoid;
    case rbm::UnitKind::gaussian:
      return nn::ActivationKind::identity;
    case rbm::UnitKind::relu:
      return nn::ActivationKind::relu;
  }
  reject(fmt::format("no kind of units has the number {}", static_cast<int>(kind)));
}

nn::NetworkSpec classifier_spec(const Stack& stack, std::size_t classes) {
  nn::NetworkSpec spec;
  spec.widths = stack.widths();
  spec.widths.push_back(classes);
  for (std::size_t l = 0; l < stack.depth(); ++l) {
    spec.activations.push_back(activation_of(stack.layer(l).spec().hidden_units));
  }
  spec.parse_activations(spec.activations_str());  // one name where they are all the same
  spec.validate();
  return spec;
}

void unroll_into(const Stack& stack, nn::Network& network) {
  const std::vector<Linear> linear = linear_layers(network);
  require_fit(stack, network, linear);
  for (std::size_t l = 0; l < stack.depth(); ++l) {
    const rbm::Rbm& rbm = stack.layer(l);
    const std::size_t inputs = rbm.spec().visible;
    float* weight = network.values(*linear[l].weight).data();
    for (std::size_t j = 0; j < rbm.hidden(); ++j) std::copy_n(rbm.weight().row(j), inputs, weight + j * inputs);
    std::copy_n(rbm.hidden_bias().data(), rbm.hidden(), network.values(*linear[l].bias).data());
  }
  network.refresh();
  // A copy that went wrong shows in no loss: pre-training would only seem not to help.
  for (std::size_t l = 0; l < stack.depth(); ++l) {
    const rbm::Rbm& rbm = stack.layer(l);
    const std::size_t inputs = rbm.spec().visible;
    const float* weight = network.values(*linear[l].weight).data();
    bool same = same_bytes(network.values(*linear[l].bias).data(), rbm.hidden_bias().data(), rbm.hidden());
    for (std::size_t j = 0; j < rbm.hidden(); ++j) {
      same = same && same_bytes(weight + j * inputs, rbm.weight().row(j), inputs);
    }
    if (same) continue;
    throw Error(ErrorKind::numeric, "dbn",
                fmt::format("'{}' does not hold the bytes of RBM {}", linear[l].weight->name, l));
  }
}

Unrolled unroll_autoencoder(const Stack& stack) {
  const std::size_t depth = stack.depth();
  if (const std::size_t labels = stack.layer(depth - 1).spec().labels; labels > 0) {
    throw Error(ErrorKind::unsupported, "dbn", fmt::format("an autoencoder has no place for {} labels", labels));
  }
  nn::NetworkSpec spec;
  spec.widths = stack.widths();
  for (std::size_t l = 0; l < depth; ++l) {
    spec.activations.push_back(activation_of(stack.layer(l).spec().hidden_units));
  }
  for (std::size_t l = depth; l-- > 0;) {
    spec.widths.push_back(stack.layer(l).spec().visible);
    if (l > 0) spec.activations.push_back(activation_of(stack.layer(l).spec().visible_units));
  }
  spec.parse_activations(spec.activations_str());
  Unrolled made{spec, nn::Network(spec)};
  const std::vector<Linear> linear = linear_layers(made.network);
  for (std::size_t l = 0; l < depth; ++l) {
    const rbm::Rbm& rbm = stack.layer(l);
    const Linear& down = linear[2 * depth - 1 - l];
    const MatrixView<float> transposed(made.network.values(*down.weight).data(), rbm.visible(), rbm.hidden());
    for (std::size_t i = 0; i < rbm.visible(); ++i) {
      for (std::size_t j = 0; j < rbm.hidden(); ++j) transposed(i, j) = rbm.weight()(j, i);
    }
    std::copy_n(rbm.visible_bias().data(), rbm.visible(), made.network.values(*down.bias).data());
  }
  unroll_into(stack, made.network);
  return made;
}

}  // namespace fanin::dbn
