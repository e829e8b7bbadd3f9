#include "fanin/init/model_spec.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

namespace fanin::init {
namespace {

constexpr std::array kRoles = {Role::weight,    Role::bias,      Role::norm_scale,
                               Role::norm_bias, Role::embedding, Role::residual_scale};
constexpr std::array kKinds = {LayerKind::linear, LayerKind::conv,      LayerKind::embedding,
                               LayerKind::norm,   LayerKind::recurrent, LayerKind::other};
constexpr std::array kParts = {Part::query,         Part::key,         Part::value,    Part::query_key_value,
                               Part::attention_out, Part::mlp_in,      Part::mlp_out,  Part::branch_in,
                               Part::branch_out,    Part::branch_norm, Part::shortcut, Part::input,
                               Part::readout,       Part::other};
constexpr std::array kStacks = {Stack::encoder, Stack::decoder};
constexpr std::array kStates = {State::raw, State::initialized, State::loaded, State::tied, State::frozen};
constexpr std::size_t kMostNameBytes = 512;

[[noreturn]] void fail(std::string_view sentence) {
  throw Error(ErrorKind::usage, "init", sentence);
}

template <typename Choices>
auto parse_choice(std::string_view what, std::string_view text, const Choices& choices) {
  std::vector<std::string> names;
  for (const auto choice : choices) {
    if (to_string(choice) == text) return choice;
    names.emplace_back(to_string(choice));
  }
  fail(fmt::format("{} '{}' is none of {}{}", what, text.substr(0, 60), fmt::join(names, ", "),
                   did_you_mean(text, names)));
}

void check_name(const std::string& name) {
  if (name.empty()) fail("a parameter without a name");
  if (name.size() > kMostNameBytes) {
    fail(fmt::format("parameter '{}...': its name has {} bytes, at most {} are allowed", name.substr(0, 60),
                     name.size(), kMostNameBytes));
  }
  const auto control =
      std::find_if(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (control != name.end()) {
    fail(fmt::format("a parameter's name has the control character {} at its byte {}",
                     static_cast<int>(static_cast<unsigned char>(*control)), control - name.begin()));
  }
}

void check_tie(const ModelSpec& spec, const ParameterSpec& p) {
  if (p.state != State::tied) {
    if (!p.tied_to.empty()) fail(fmt::format("parameter '{}' names a partner but is not tied", p.name));
    return;
  }
  const ParameterSpec* partner = spec.find(p.tied_to);
  if (partner == nullptr) fail(fmt::format("parameter '{}' is tied to '{}', which is not there", p.name, p.tied_to));
  if (partner->state == State::tied) {
    fail(fmt::format("parameter '{}' is tied to '{}', which is tied itself", p.name, p.tied_to));
  }
  if (partner->shape != p.shape) {
    fail(fmt::format("parameter '{}' {} is tied to '{}' {}: one memory has one shape", p.name, p.shape.str(), p.tied_to,
                     partner->shape.str()));
  }
}

}  // namespace

std::string_view to_string(Role role) noexcept {
  constexpr std::array<std::string_view, kRoles.size()> kNames = {"weight",    "bias",      "norm_scale",
                                                                  "norm_bias", "embedding", "residual_scale"};
  return kNames[static_cast<std::size_t>(role)];
}

std::string_view to_string(LayerKind kind) noexcept {
  constexpr std::array<std::string_view, kKinds.size()> kNames = {"linear", "conv",      "embedding",
                                                                  "norm",   "recurrent", "other"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view to_string(Part part) noexcept {
  constexpr std::array<std::string_view, kParts.size()> kNames = {
      "query",     "key",        "value",       "query_key_value", "attention_out", "mlp_in",  "mlp_out",
      "branch_in", "branch_out", "branch_norm", "shortcut",        "input",         "readout", "other"};
  return kNames[static_cast<std::size_t>(part)];
}

std::string_view to_string(Stack stack) noexcept {
  return stack == Stack::encoder ? "encoder" : "decoder";
}

std::string_view to_string(State state) noexcept {
  constexpr std::array<std::string_view, kStates.size()> kNames = {"raw", "initialized", "loaded", "tied", "frozen"};
  return kNames[static_cast<std::size_t>(state)];
}

Role parse_role(std::string_view text) {
  return parse_choice("role", text, kRoles);
}

LayerKind parse_layer_kind(std::string_view text) {
  return parse_choice("kind", text, kKinds);
}

Part parse_part(std::string_view text) {
  return parse_choice("part", text, kParts);
}

Stack parse_stack(std::string_view text) {
  return parse_choice("stack", text, kStacks);
}

State parse_state(std::string_view text) {
  return parse_choice("state", text, kStates);
}

ModelSpec::ModelSpec(std::vector<ParameterSpec> parameters)
    : parameters_(std::move(parameters)), by_name_(parameters_.size()) {
  std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
  std::sort(by_name_.begin(), by_name_.end(),
            [&](std::size_t a, std::size_t b) { return parameters_[a].name < parameters_[b].name; });
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    check_name(parameters_[i].name);
    const std::string& name = parameters_[by_name_[i]].name;
    if (i > 0 && name == parameters_[by_name_[i - 1]].name) fail(fmt::format("parameter '{}' is there twice", name));
    if (parameters_[i].depth) last_depth_ = std::max(last_depth_.value_or(0), *parameters_[i].depth);
  }
  for (const ParameterSpec& p : parameters_) check_tie(*this, p);
}

const ParameterSpec* ModelSpec::find(std::string_view name) const noexcept {
  const auto at = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                   [&](std::size_t i, std::string_view n) { return parameters_[i].name < n; });
  return at == by_name_.end() || parameters_[*at].name != name ? nullptr : &parameters_[*at];
}

std::size_t ModelSpec::elements() const noexcept {
  std::size_t sum = 0;
  for (const ParameterSpec& p : parameters_) sum += p.state == State::tied ? 0 : p.shape.elements();
  return sum;
}

ModelSpec ModelSpec::with_dtype(FloatType dtype) const {
  ModelSpec copy = *this;
  for (ParameterSpec& p : copy.parameters_) {
    if (p.state == State::raw) p.dtype = dtype;
  }
  return copy;
}

}  // namespace fanin::init
