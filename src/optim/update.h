#pragma once

#include <cstddef>

namespace fanin::optim::detail {

/// One step over `rows` times `count` elements, the rows of w, m and v `stride` apart, those of g `g_stride`; what a
/// rule has no use for stays as it is here.
struct Update {
  float* w = nullptr;
  const float* g = nullptr;
  float* m = nullptr;  // null for sgd without momentum
  float* v = nullptr;
  std::size_t count = 0;
  std::size_t rows = 1;
  std::size_t stride = 0;
  std::size_t g_stride = 0;
  float rate = 0;
  float decay = 0;
  float decay_factor = 1;
  float momentum = 0;
  float one_minus_beta1 = 0;
  float beta2 = 0;
  float one_minus_beta2 = 0;
  float root_scale = 0;
  float epsilon = 0;
  bool nesterov = false;
  bool decoupled = false;
};

void sgd(const Update& update);
void adam(const Update& update);

}  // namespace fanin::optim::detail
