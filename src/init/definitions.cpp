#include "init/definitions.h"

#include <utility>

namespace fanin::init {

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
  static const std::vector<Definition> all = [] {
    std::vector<Definition> list;
    for (const auto& family :
         {elementary_definitions, truncated_definitions, scaled_definitions, orthogonal_definitions,
          convolution_definitions, looks_linear_definitions, identity_definitions, hadamard_definitions,
          sparse_definitions, unit_ball_definitions, upsample_definitions, query_key_value_definitions,
          fourier_definitions, classic_definitions, bias_definitions}) {
      std::vector<Definition> part = family();
      std::move(part.begin(), part.end(), std::back_inserter(list));
    }
    return list;
  }();
  return all;
}

const Definition* find_definition(std::string_view name) {
  for (const Definition& d : definitions()) {
    if (d.name == name) return &d;
    for (const std::string_view alias : d.aliases) {
      if (alias == name) return &d;
    }
  }
  return nullptr;
}

const std::vector<std::string>& scheme_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Definition& d : definitions()) {
      all.emplace_back(d.name);
      all.insert(all.end(), d.aliases.begin(), d.aliases.end());
    }
    return all;
  }();
  return names;
}

}  // namespace fanin::init
