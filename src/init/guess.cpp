#include "init/guess.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "fanin/core/text.h"

#include "init/blocks.h"

namespace fanin::init {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr Fans kUnknownFans{kUnknown, kUnknown};

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// `a.b` of `a.b.weight`.
std::string layer_of(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? "" : name.substr(0, dot);
}

std::string_view last_word(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

Guess unknown(std::string reason) {
  return {.fans = kUnknownFans, .reason = std::move(reason)};
}

Guess buffer(std::string reason) {
  return {.role = Role::weight, .fans = kUnknownFans, .state = State::loaded, .reason = std::move(reason)};
}

bool is_buffer(std::string_view last) {
  constexpr std::array<std::string_view, 8> kBuffers = {"running_mean", "running_var",  "num_batches_tracked",
                                                        "inv_freq",     "position_ids", "relative_position_index",
                                                        "attn_mask",    "causal_mask"};
  return std::find(kBuffers.begin(), kBuffers.end(), last) != kBuffers.end();
}

bool names_a_norm(std::string_view word) {
  return has(word, "norm") || has(word, "Norm") || word.starts_with("bn") || word.starts_with("ln_") || word == "ln";
}

bool names_a_fused_projection(std::string_view layer) {
  return has(layer, "in_proj") || has(layer, "qkv") || has(layer, "query_key_value") || has(layer, "c_attn");
}

bool names_a_residual_scale(std::string_view name, std::string_view layer, std::string_view last, const Shape& shape) {
  if (!has_a_number(name) || shape.rank() > 1) return false;
  const std::string_view word = last_word(layer);
  const bool one = shape.elements() == 1;
  return (one && (last == "scale" || last.starts_with("resweight") || last == "skipinit_gain")) || last == "gamma_1" ||
         last == "gamma_2" || (last == "gamma" && (word == "ls1" || word == "ls2")) ||
         (last == "lambda1" && word.starts_with("layer_scale"));
}

// `bias1a` of the authors' Fixup networks.
bool names_a_scalar_bias(std::string_view last) {
  return last.starts_with("bias") && last.size() > 4 && last[4] >= '1' && last[4] <= '9' && last.size() <= 6;
}

bool names_a_transposed_kernel(std::string_view layer) {
  return has(layer, "transpose") || has(layer, "deconv") || has(layer, "upconv") || has(layer, "up_conv");
}

double product_from(const Shape& shape, std::size_t axis) {
  double product = 1;
  for (; axis < shape.rank(); ++axis) product *= static_cast<double>(shape[axis]);
  return product;
}

Fans matrix_fans(std::size_t in, std::size_t out) {
  return {static_cast<double>(in), static_cast<double>(out)};
}

Guess embedding(const Shape& shape, std::string_view word) {
  return {Role::embedding, LayerKind::embedding, fans_of(LayerKind::embedding, shape, {}), State::raw,
          fmt::format("'{}' names an embedding: fan_in 1, a look-up sums nothing", word)};
}

}  // namespace

Fans fans_of(LayerKind kind, const Shape& shape, std::optional<std::size_t> groups) {
  switch (kind) {
    case LayerKind::linear:
      return shape.rank() == 2 ? linear_fans(shape) : kUnknownFans;
    case LayerKind::embedding:
      return shape.rank() == 0 ? kUnknownFans : Fans{1, static_cast<double>(shape[shape.rank() - 1])};
    case LayerKind::conv: {
      if (shape.rank() < 3) return kUnknownFans;
      // One input channel of a kernel may be that of a group: a depthwise convolution looks the same.
      const bool groups_known = groups.has_value() || shape[1] != 1;
      const double out = static_cast<double>(shape[0]) / static_cast<double>(groups.value_or(1));
      return {product_from(shape, 1), groups_known ? out * product_from(shape, 2) : kUnknown};
    }
    default:
      return kUnknownFans;
  }
}

Guesser::Guesser(std::span<const NamedTensor> tensors) {
  for (const NamedTensor& t : tensors) by_name_.emplace(t.name, &t);
  norms_follow_ = norms_follow_convolutions(tensors);
}

const NamedTensor* Guesser::beside(const std::string& layer, std::string_view last) const {
  const auto at = by_name_.find(layer.empty() ? std::string(last) : fmt::format("{}.{}", layer, last));
  return at == by_name_.end() ? nullptr : at->second;
}

Guess Guesser::guess(const NamedTensor& t) const {
  Guess g = role_of(t);
  if (g.state != State::raw) return g;
  if (const auto named = part_of(t, g)) {
    g.part = named->part;
    g.reason += fmt::format("; '{}' names {}", named->word, to_string(named->part));
  }
  return g;
}

std::optional<NamedPart> Guesser::part_of(const NamedTensor& t, const Guess& g) const {
  const bool of_a_norm = g.role == Role::norm_scale || g.role == Role::norm_bias;
  if (!of_a_norm && g.role != Role::weight && g.role != Role::bias) return std::nullopt;
  // in_proj_weight is a layer and its parameter in one word.
  std::string_view layer = t.name;
  layer = layer.substr(0, layer.size() - last_word(t.name).size());
  if (last_word(t.name).starts_with("in_proj_")) layer = std::string_view(t.name).substr(0, layer.size() + 7);
  if (layer.ends_with('.')) layer.remove_suffix(1);
  if (!has_a_number(layer)) return of_a_norm ? std::nullopt : part_outside_of_blocks(layer);
  if (const auto named = part_of_a_resnet(layer, of_a_norm)) return named;
  return of_a_norm ? std::nullopt : part_in_a_block(layer);
}

// convN of a block is the last of its branch if there is no conv(N+1), bnN stands behind it.
std::optional<NamedPart> Guesser::part_of_a_resnet(std::string_view layer, bool of_a_norm) const {
  const std::string_view word = last_word(layer);
  const std::string block = layer_of(std::string(layer));
  const std::string_view before = of_a_norm ? "bn" : "conv";
  if (!word.starts_with(before) || !parse_unsigned(last_word(block))) return std::nullopt;
  const auto n = parse_unsigned(word.substr(before.size()));
  constexpr std::uint64_t kMost = 9;
  if (!n || *n > kMost) return std::nullopt;
  const auto there = [&](std::uint64_t i) { return beside(fmt::format("{}.conv{}", block, i), "weight") != nullptr; };
  // One convolution alone may be anything.
  if (!there(1) || !there(2) || !there(*n)) return std::nullopt;
  const bool last = !there(*n + 1);
  if (of_a_norm) return last && norms_follow_ ? std::optional(NamedPart{Part::branch_norm, word}) : std::nullopt;
  return NamedPart{last ? Part::branch_out : Part::branch_in, word};
}

// A norm has as many channels as what it stands behind; where in and out differ, that shows.
bool Guesser::norms_follow_convolutions(std::span<const NamedTensor> tensors) const {
  bool behind = false;
  for (const NamedTensor& t : tensors) {
    const std::string layer = layer_of(t.name);
    const std::string_view word = last_word(layer);
    if (last_word(t.name) != "weight" || !word.starts_with("conv") || t.shape.rank() < 3) continue;
    const NamedTensor* norm = beside(fmt::format("{}.bn{}", layer_of(layer), word.substr(4)), "weight");
    if (norm == nullptr || norm->shape.rank() != 1 || t.shape[0] == t.shape[1]) continue;
    if (norm->shape[0] == t.shape[1]) return false;
    behind = behind || norm->shape[0] == t.shape[0];
  }
  return behind;
}

Guess Guesser::role_of(const NamedTensor& t) const {
  if (!t.dtype) return buffer("no float type: kept as it is");
  const std::string layer = layer_of(t.name);
  const std::string_view last = last_word(t.name);
  if (is_buffer(last)) return buffer(fmt::format("'{}' names a buffer: kept as it is", last));
  if (last == "weight") return weight(t, layer);
  if (last == "in_proj_weight") return weight_matrix(t, t.name);
  if (last.starts_with("weight_ih_l") || last.starts_with("weight_hh_l")) return recurrent(t, layer, last);
  if (last == "bias" || last == "in_proj_bias" || last.starts_with("bias_ih_l") || last.starts_with("bias_hh_l")) {
    return bias(layer, last);
  }
  return by_last_word(t, layer, last);
}

Guess Guesser::weight(const NamedTensor& t, const std::string& layer) const {
  const std::string_view word = last_word(layer);
  switch (t.shape.rank()) {
    case 1: {
      const NamedTensor* b = beside(layer, "bias");
      if (b != nullptr && b->shape == t.shape) {
        return {Role::norm_scale, LayerKind::norm, kUnknownFans, State::raw, "rank 1 beside a bias of its shape"};
      }
      if (names_a_norm(word)) {
        return {Role::norm_scale, LayerKind::norm, kUnknownFans, State::raw,
                fmt::format("rank 1, and '{}' names a norm", word)};
      }
      return unknown("rank 1 without a bias: a norm's scale, or slopes of a PReLU");
    }
    case 2:
      return has(word, "embed") || word == "wte" || word == "wpe" ? embedding(t.shape, word) : weight_matrix(t, layer);
    case 3:
      if (!has(word, "conv")) return unknown("rank 3: a convolution of one axis, or a stack of matrices");
      return kernel(t, layer);
    case 4:
    case 5:
      return kernel(t, layer);
    default:
      return unknown(fmt::format("a weight of rank {}", t.shape.rank()));
  }
}

Guess Guesser::weight_matrix(const NamedTensor& t, const std::string& layer) const {
  if (t.shape.rank() != 2) return unknown(fmt::format("a projection of rank {}", t.shape.rank()));
  std::size_t out = 0;
  const NamedTensor* b = layer == t.name ? nullptr : beside(layer, "bias");
  std::string reason = "rank 2: linear [out, in]";
  if (b != nullptr) {
    const std::size_t n = b->shape.elements();
    if (n != t.shape[0] && n != t.shape[1]) {
      return unknown(fmt::format("rank 2 beside a bias {}, which fits neither axis", b->shape.str()));
    }
    if (n != t.shape[0]) {
      out = 1;
      reason = "rank 2 beside a bias of its second axis: linear [in, out]";
    }
  }
  const std::size_t outputs = t.shape[out];
  const std::size_t inputs = t.shape[1 - out];
  Guess g{Role::weight, LayerKind::linear, matrix_fans(inputs, outputs), State::raw, std::move(reason)};
  if (!names_a_fused_projection(layer)) return g;
  if (outputs == 3 * inputs) {
    g.fans.out /= 3;
    g.reason += "; three fused blocks, fans of one";
  } else {
    g.fans.out = kUnknown;
    g.reason += "; fused blocks of unknown sizes, fan_out is not known";
  }
  return g;
}

Guess Guesser::kernel(const NamedTensor& t, const std::string& layer) const {
  if (has(layer, "expert")) return unknown("a stack of experts' weights");
  Guess g{Role::weight, LayerKind::conv, fans_of(LayerKind::conv, t.shape, {}), State::raw,
          fmt::format("rank {}: convolution [out, in / groups, taps]", t.shape.rank())};
  const NamedTensor* b = beside(layer, "bias");
  if (names_a_transposed_kernel(layer) || (b != nullptr && b->shape.elements() != t.shape[0])) {
    g.fans = kUnknownFans;
    g.reason = fmt::format("rank {}: a transposed convolution, its fans depend on its stride", t.shape.rank());
  } else if (t.shape[1] == 1) {
    g.reason += ", groups and so fan_out are not known";
  } else {
    g.reason += ", taken as one group";
  }
  return g;
}

Guess Guesser::recurrent(const NamedTensor& t, const std::string& layer, std::string_view last) const {
  std::string partner(last);
  partner.replace(0, 9, "weight_hh");
  const NamedTensor* hidden = beside(layer, partner);
  if (t.shape.rank() != 2 || hidden == nullptr || hidden->shape.rank() != 2 || hidden->shape[1] == 0 ||
      hidden->shape[0] % hidden->shape[1] != 0) {
    return unknown("a recurrent weight without the hidden-to-hidden one that shows its gates");
  }
  return {Role::weight, LayerKind::recurrent, matrix_fans(t.shape[1], hidden->shape[1]), State::raw,
          fmt::format("recurrent, {} fused gates, fans of one", hidden->shape[0] / hidden->shape[1])};
}

Guess Guesser::bias(const std::string& layer, std::string_view last) const {
  std::string partner(last);
  partner.replace(partner.find("bias"), 4, "weight");
  const NamedTensor* w = beside(layer, partner);
  if (w == nullptr) {
    return {Role::bias, LayerKind::other, kUnknownFans, State::raw, "a bias without a weight: its fans are not known"};
  }
  const Guess g = role_of(*w);
  if (g.role == Role::norm_scale)
    return {Role::norm_bias, LayerKind::norm, kUnknownFans, State::raw, "beside a norm's scale"};
  return {Role::bias, g.kind, g.fans, State::raw, fmt::format("the bias beside '{}', with its fans", w->name), w->name};
}

Guess Guesser::by_last_word(const NamedTensor& t, const std::string& layer, std::string_view last) const {
  const bool scale = last == "gamma";
  if ((scale || last == "beta") && t.shape.rank() == 1) {
    const NamedTensor* other = beside(layer, scale ? "beta" : "gamma");
    if (other != nullptr && other->shape == t.shape) {
      return {scale ? Role::norm_scale : Role::norm_bias, LayerKind::norm, kUnknownFans, State::raw,
              "gamma and beta of one shape"};
    }
  }
  if (names_a_residual_scale(t.name, layer, last, t.shape)) {
    return {Role::residual_scale, LayerKind::other, kUnknownFans, State::raw,
            fmt::format("'{}' within a block names what a residual branch is multiplied by", last)};
  }
  if (names_a_scalar_bias(last) && t.shape.elements() == 1) {
    return {Role::bias, LayerKind::other, kUnknownFans, State::raw,
            fmt::format("'{}' of one element names a scalar bias", last)};
  }
  if (t.shape.rank() >= 2 && (last.ends_with("embed") || last.ends_with("embedding") || last.ends_with("embeddings"))) {
    return embedding(t.shape, last);
  }
  return unknown(fmt::format("'{}' is no name that is known", last.substr(0, 60)));
}

}  // namespace fanin::init
