// The weights of one layer, He et al. 2015: N(0, 2 / fan_in). Any part of them can be had without the rest.
#include <cmath>
#include <cstdio>
#include <vector>

#include "fanin/core/shape.h"
#include "fanin/random/distributions.h"

int main() {
  const fanin::Shape shape{256, 784};
  const fanin::random::Stream stream(7, "fc1.weight");
  std::vector<float> row(shape[1]);
  fanin::random::fill_normal(stream, 3 * shape[1], row, 0.0, std::sqrt(2.0 / static_cast<double>(shape[1])));
  std::printf("fc1.weight %s, row 3: %.6f %.6f ...\n", shape.str().c_str(), row[0], row[1]);
}
