#pragma once

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/random/distributions.h"
#include "fanin/random/stream.h"
#include "fanin/rbm/rbm.h"

namespace fanin::rbm::test {

/// Weights and biases from N(0, std^2), rounded to multiples of 2^-12, so that small steps of them are exact.
inline Rbm random_machine(const RbmSpec& spec, double std, std::uint64_t seed) {
  Rbm rbm(spec);
  const auto fill = [&](const char* name, std::size_t first, std::size_t count) {
    const std::span<float> part = rbm.values().subspan(first, count);
    random::fill_normal(random::Stream(seed, name), 0, part, 0, std);
    for (float& x : part) x = std::round(x * 4096) / 4096;
  };
  fill("W", 0, rbm.visible() * rbm.hidden());
  fill("b", rbm.visible_bias_offset(), rbm.visible());
  fill("c", rbm.hidden_bias_offset(), rbm.hidden());
  rbm.refresh();
  return rbm;
}

/// The machine with its layers changed.
inline Rbm transposed(const Rbm& rbm) {
  Rbm t({rbm.hidden(), rbm.visible(), rbm.spec().hidden_units, rbm.spec().visible_units});
  for (std::size_t j = 0; j < rbm.hidden(); ++j) {
    for (std::size_t i = 0; i < rbm.visible(); ++i) t.values()[i * rbm.hidden() + j] = rbm.weight()(j, i);
  }
  for (std::size_t i = 0; i < rbm.visible(); ++i) t.values()[t.hidden_bias_offset() + i] = rbm.visible_bias()[i];
  for (std::size_t j = 0; j < rbm.hidden(); ++j) t.values()[t.visible_bias_offset() + j] = rbm.hidden_bias()[j];
  t.refresh();
  return t;
}

/// E(v, h) of binary units, by its formula.
inline double energy(const Rbm& rbm, const std::vector<float>& v, const std::vector<float>& h) {
  double e = 0;
  for (std::size_t i = 0; i < v.size(); ++i) e -= static_cast<double>(rbm.visible_bias()[i]) * v[i];
  for (std::size_t j = 0; j < h.size(); ++j) {
    e -= static_cast<double>(rbm.hidden_bias()[j]) * h[j];
    for (std::size_t i = 0; i < v.size(); ++i) e -= static_cast<double>(rbm.weight()(j, i)) * h[j] * v[i];
  }
  return e;
}

inline std::vector<float> bits(std::size_t number, std::size_t n) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(number >> i & 1U);
  return x;
}

/// All 2^n states, one a row.
inline std::vector<float> all_states(std::size_t n) {
  std::vector<float> rows;
  for (std::size_t number = 0; number < std::size_t{1} << n; ++number) {
    const std::vector<float> row = bits(number, n);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return rows;
}

/// The kind and sentence of the Error that `call` throws.
template <class Call>
std::pair<ErrorKind, std::string> error_of(const Call& call) {
  try {
    call();
  } catch (const Error& e) {
    return {e.kind(), e.what()};
  }
  return {ErrorKind::io, "no error"};
}

}  // namespace fanin::rbm::test
