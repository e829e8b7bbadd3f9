#include "init/definitions.h"

#include <iterator>
#include <utility>

namespace fanin::init {
namespace {

std::vector<Definition> joined(std::initializer_list<std::vector<Definition> (*)()> families) {
  std::vector<Definition> list;
  for (const auto& family : families) {
    std::vector<Definition> part = family();
    std::move(part.begin(), part.end(), std::back_inserter(list));
  }
  return list;
}

std::vector<std::string> names_of(std::span<const Definition> list) {
  std::vector<std::string> names;
  for (const Definition& d : list) {
    names.emplace_back(d.name);
    names.insert(names.end(), d.aliases.begin(), d.aliases.end());
  }
  return names;
}

}  // namespace

Parameter number(std::string_view name, std::string_view fallback, Range range) {
  return {.name = name, .type = ParameterType::number, .fallback = fallback, .range = range};
}

Parameter integer(std::string_view name, std::string_view fallback, Range range) {
  return {.name = name, .type = ParameterType::integer, .fallback = fallback, .range = range};
}

Parameter choice(std::string_view name, std::string_view fallback, std::vector<std::string> choices) {
  return {.name = name, .type = ParameterType::choice, .fallback = fallback, .choices = std::move(choices)};
}

Parameter fan_mode(std::string_view fallback) {
  std::vector<std::string> names;
  for (const FanMode mode : {FanMode::fan_in, FanMode::fan_out, FanMode::fan_avg, FanMode::fan_geo_avg}) {
    names.emplace_back(to_string(mode));
  }
  return choice("mode", fallback, std::move(names));
}

Parameter scheme(std::string_view name, std::string_view fallback) {
  return {.name = name, .type = ParameterType::scheme, .fallback = fallback};
}

std::span<const Definition> definitions() {
  static const std::vector<Definition> all =
      joined({elementary_definitions, truncated_definitions, scaled_definitions, orthogonal_definitions,
              convolution_definitions, looks_linear_definitions, identity_definitions, hadamard_definitions,
              sparse_definitions, unit_ball_definitions, upsample_definitions, query_key_value_definitions,
              fourier_definitions, classic_definitions, bias_definitions});
  return all;
}

std::span<const Definition> dialect_definitions() {
  static const std::vector<Definition> all =
      joined({torch_definitions, keras_definitions, jax_definitions, flax_definitions, mlx_definitions,
              caffe_definitions, mxnet_definitions, tiny_dnn_definitions, mlpack_definitions, fann_definitions});
  return all;
}

const std::vector<std::string>& scheme_names() {
  static const std::vector<std::string> names = names_of(definitions());
  return names;
}

}  // namespace fanin::init
