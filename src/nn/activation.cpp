#include "fanin/nn/activation.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

namespace fanin::nn {
namespace {

struct Name {
  ActivationKind kind;
  std::string_view text;
  std::optional<double> parameter;  // the usual one
};

constexpr std::array<Name, 11> kNames{{
    {ActivationKind::identity, "identity", {}},
    {ActivationKind::relu, "relu", {}},
    {ActivationKind::leaky_relu, "leaky_relu", 0.01},
    {ActivationKind::tanh, "tanh", {}},
    {ActivationKind::sigmoid, "sigmoid", {}},
    {ActivationKind::softsign, "softsign", {}},
    {ActivationKind::elu, "elu", 1.0},
    {ActivationKind::selu, "selu", {}},
    {ActivationKind::gelu, "gelu", {}},
    {ActivationKind::silu, "silu", {}},
    {ActivationKind::softplus, "softplus", {}},
}};

const Name& name_of(ActivationKind kind) {
  for (const Name& name : kNames) {
    if (name.kind == kind) return name;
  }
  throw Error(ErrorKind::usage, "activation", fmt::format("no activation has the number {}", static_cast<int>(kind)));
}

const Name& named(std::string_view text) {
  std::vector<std::string> names;
  for (const Name& name : kNames) {
    if (name.text == text) return name;
    names.emplace_back(name.text);
  }
  throw Error(ErrorKind::usage, "activation", fmt::format("no activation '{}'{}", text, did_you_mean(text, names)));
}

}  // namespace

Activation::Activation(ActivationKind kind_) : kind(kind_), slope_or_alpha(name_of(kind_).parameter.value_or(0.0)) {}

Activation Activation::parse(std::string_view text) {
  const std::string_view whole = trimmed(text);
  const std::size_t open = whole.find('(');
  const Name& name = named(trimmed(whole.substr(0, open)));
  if (open == std::string_view::npos) return name.kind;
  if (!name.parameter) {
    throw Error(ErrorKind::usage, "activation", fmt::format("'{}': {} has no parameter", whole, name.text));
  }
  const auto value = whole.back() == ')' ? parse_number(trimmed(whole.substr(open + 1, whole.size() - open - 2)))
                                         : std::optional<double>();
  const bool negative_alpha = name.kind == ActivationKind::elu && value && *value < 0;
  if (!value || negative_alpha) {
    throw Error(ErrorKind::usage, "activation",
                fmt::format("'{}': {} takes one {}number in parentheses, as in {}(0.2)", whole, name.text,
                            name.kind == ActivationKind::elu ? "non-negative " : "", name.text));
  }
  return {name.kind, *value};
}

std::string Activation::str() const {
  const Name& name = name_of(kind);
  if (!name.parameter || *name.parameter == slope_or_alpha) return std::string(name.text);
  return fmt::format("{}({})", name.text, slope_or_alpha);
}

bool Activation::backward_reads_input() const {
  switch (kind) {
    case ActivationKind::leaky_relu:
    case ActivationKind::softsign:
    case ActivationKind::gelu:
    case ActivationKind::silu:
    case ActivationKind::softplus:
      return true;
    default:
      return false;
  }
}

}  // namespace fanin::nn
