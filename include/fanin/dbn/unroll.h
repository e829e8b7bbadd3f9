#pragma once

#include <cstddef>

#include "fanin/dbn/stack.h"
#include "fanin/nn/activation.h"
#include "fanin/nn/network.h"
#include "fanin/rbm/units.h"

namespace fanin::dbn {

/// The function that is the mean of such units: binary is sigmoid, gaussian is identity, relu is relu.
[[nodiscard]] nn::Activation activation_of(rbm::UnitKind kind);

/// The network that a stack unrolls into: a hidden layer for each RBM, then `classes` outputs; 784-500-500-2000-10 of
/// three RBMs. Throws Error(usage) for no classes.
[[nodiscard]] nn::NetworkSpec classifier_spec(const Stack& stack, std::size_t classes);

/// Copies W and the hidden biases of RBM l into linear layer l of `network`, bit for bit, compares the bytes, and
/// refreshes the network. Its further layers, the output layer among them, are left as they are; weights of labels are
/// left out. Throws Error(usage) naming the layer, with nothing written, where sizes do not fit or the activation after
/// layer l is not activation_of() its hidden units; Error(numeric) naming the layer where the bytes came out different.
void unroll_into(const Stack& stack, nn::Network& network);

/// A network that describes itself, so that it can be saved.
struct Unrolled {
  nn::NetworkSpec spec;
  nn::Network network;
};

/// Encoder and mirrored decoder (Hinton and Salakhutdinov 2006, "Reducing the dimensionality of data with neural
/// networks"): 784-1000-500-250-30-250-500-1000-784 of four RBMs. Up: W and hidden biases, each layer's activation that
/// of its hidden units (a code of Gaussian units is linear). Down: W^T and visible biases, with the activation of the
/// visible units. The outputs are logits for binary visible units, means for Gaussian ones: what follows is
/// nn::sigmoid_cross_entropy, or a squared error. Throws Error(unsupported) for labels.
[[nodiscard]] Unrolled unroll_autoencoder(const Stack& stack);

}  // namespace fanin::dbn
