#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/thread_pool.h"
#include "fanin/init/fill.h"

namespace fanin::init {

inline std::vector<float> filled(std::string_view scheme, const Shape& shape, Fans fans,
                                 const random::Stream& stream = random::Stream(42, "fc1.weight")) {
  ThreadPool pool(1);
  std::vector<float> out(shape.elements());
  fill(Scheme::parse(scheme), shape, fans, stream, out, pool);
  return out;
}

/// FNV-1a over the bits of all values.
inline std::uint64_t checksum(std::span<const float> values) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const float v : values) {
    for (int shift = 0; shift < 32; shift += 8) {
      hash ^= (std::bit_cast<std::uint32_t>(v) >> shift) & 0xff;
      hash *= 0x100000001b3;
    }
  }
  return hash;
}

inline bool same_bytes(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

/// Runs `body`, which must throw Error(kind) with all of `parts` in its sentence.
template <class Body>
void expect_error(ErrorKind kind, const std::vector<std::string>& parts, const Body& body) {
  try {
    body();
    ADD_FAILURE() << "nothing thrown";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), kind) << e.what();
    for (const std::string& part : parts) {
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << "'" << part << "' is missing in: " << e.what();
    }
  }
}

/// 784 x 256: the size of the classic slip.
inline const Shape& mnist_layer() {
  static const Shape shape{256, 784};
  return shape;
}

/// A scheme text for every scheme that fills any shape element by element from random numbers.
inline const std::vector<std::string>& random_schemes() {
  static const std::vector<std::string> all = {"uniform(-0.5, 0.25)",
                                               "normal(1, 0.5)",
                                               "truncated_normal(0.5, 0.1, -1, 3)",
                                               "variance_scaling(2, fan_out, uniform)",
                                               "variance_scaling(2, fan_geo_avg, normal)",
                                               "variance_scaling",
                                               "xavier_uniform",
                                               "xavier_normal(gain=5/3)",
                                               "kaiming_uniform(a=sqrt(5))",
                                               "kaiming_normal(mode=fan_out, nonlinearity=relu)",
                                               "lecun_uniform",
                                               "lecun_normal",
                                               "pytorch_default"};
  return all;
}

}  // namespace fanin::init
