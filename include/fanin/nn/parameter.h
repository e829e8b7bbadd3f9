#pragma once

#include <cstddef>
#include <string>

#include "fanin/core/shape.h"
#include "fanin/init/fans.h"

namespace fanin::nn {

/// What a parameter is for: decides which rule initializes it.
enum class Role { weight, bias };

/// One named tensor of a network and its place in the flat parameter store.
struct Parameter {
  std::string name;  ///< as in PyTorch's state_dict of the same Sequential: `0.weight`
  Shape shape;       ///< row-major: [out, in] for a linear weight, [out] for a bias
  Role role = Role::weight;
  init::Fans fans;         ///< of the layer, so that a bias can be drawn by its layer's fan
  std::size_t layer = 0;   ///< index in Network::layers()
  std::size_t offset = 0;  ///< first element in the store; a multiple of 16
};

}  // namespace fanin::nn
