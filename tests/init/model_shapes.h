#pragma once

#include <string>
#include <vector>

#include "fanin/init/infer.h"

namespace fanin::init {

/// The tensors of well-known models, as PyTorch names and stores them, at any size.
class Tensors {
 public:
  std::vector<NamedTensor> list;

  Tensors& add(std::string name, Shape shape) {
    list.push_back({std::move(name), shape});
    return *this;
  }
  /// A weight [out, in] and its bias.
  Tensors& linear(const std::string& name, std::size_t out, std::size_t in) {
    return add(name + ".weight", {out, in}).add(name + ".bias", {out});
  }
  Tensors& norm(const std::string& name, std::size_t n) { return add(name + ".weight", {n}).add(name + ".bias", {n}); }
};

inline ModelSpec inferred(const Tensors& tensors, const std::vector<std::string>& overrides = {}) {
  std::vector<Override> parsed;
  for (const std::string& text : overrides) parsed.push_back(Override::parse(text));
  return infer_spec(tensors.list, parsed);
}

/// GPT-2: matrices are [in, out]; the readout is the embedding and no tensor of its own.
inline Tensors gpt2_tensors(std::size_t layers, std::size_t d, std::size_t words = 100) {
  Tensors t;
  t.add("wte.weight", {words, d}).add("wpe.weight", {32, d});
  for (std::size_t i = 0; i < layers; ++i) {
    const std::string h = "h." + std::to_string(i) + ".";
    const auto conv1d = [&](const std::string& name, std::size_t in, std::size_t out) {
      t.add(h + name + ".weight", {in, out}).add(h + name + ".bias", {out});
    };
    t.norm(h + "ln_1", d);
    conv1d("attn.c_attn", d, 3 * d);
    conv1d("attn.c_proj", d, d);
    t.norm(h + "ln_2", d);
    conv1d("mlp.c_fc", d, 4 * d);
    conv1d("mlp.c_proj", 4 * d, d);
  }
  t.norm("ln_f", d);
  return t;
}

/// Llama with grouped queries: four query heads for one of keys and values.
inline Tensors llama_tensors(std::size_t layers, std::size_t d, std::size_t words = 100) {
  Tensors t;
  t.add("model.embed_tokens.weight", {words, d});
  for (std::size_t i = 0; i < layers; ++i) {
    const std::string h = "model.layers." + std::to_string(i) + ".";
    t.add(h + "self_attn.q_proj.weight", {d, d}).add(h + "self_attn.k_proj.weight", {d / 4, d});
    t.add(h + "self_attn.v_proj.weight", {d / 4, d}).add(h + "self_attn.o_proj.weight", {d, d});
    t.add(h + "mlp.gate_proj.weight", {3 * d, d}).add(h + "mlp.up_proj.weight", {3 * d, d});
    t.add(h + "mlp.down_proj.weight", {d, 3 * d});
    t.add(h + "input_layernorm.weight", {d}).add(h + "post_attention_layernorm.weight", {d});
  }
  return t.add("model.norm.weight", {d}).add("lm_head.weight", {words, d});
}

/// BERT: an encoder whose readout `cls.predictions.decoder` is no decoder.
inline Tensors bert_tensors(std::size_t layers, std::size_t d, std::size_t words = 100) {
  Tensors t;
  t.add("bert.embeddings.word_embeddings.weight", {words, d}).norm("bert.embeddings.LayerNorm", d);
  for (std::size_t i = 0; i < layers; ++i) {
    const std::string h = "bert.encoder.layer." + std::to_string(i) + ".";
    for (const char* name : {"query", "key", "value"}) t.linear(h + "attention.self." + name, d, d);
    t.linear(h + "attention.output.dense", d, d).norm(h + "attention.output.LayerNorm", d);
    t.linear(h + "intermediate.dense", 4 * d, d).linear(h + "output.dense", d, 4 * d).norm(h + "output.LayerNorm", d);
  }
  return t.linear("cls.predictions.decoder", words, d);
}

/// fairseq's Transformer of encoder and decoder; `norms` as they are left out for T-Fixup.
inline Tensors fairseq_tensors(std::size_t encoder, std::size_t decoder, std::size_t d, bool norms = true) {
  Tensors t;
  const auto attention = [&](const std::string& name) {
    for (const char* part : {"q_proj", "k_proj", "v_proj", "out_proj"}) t.linear(name + "." + part, d, d);
    if (norms) t.norm(name + "_layer_norm", d);
  };
  const auto layers = [&](const std::string& side, std::size_t n) {
    t.add(side + ".embed_tokens.weight", {100, d});
    for (std::size_t i = 0; i < n; ++i) {
      const std::string h = side + ".layers." + std::to_string(i) + ".";
      attention(h + "self_attn");
      if (side == "decoder") attention(h + "encoder_attn");
      t.linear(h + "fc1", 4 * d, d).linear(h + "fc2", d, 4 * d);
      if (norms) t.norm(h + "final_layer_norm", d);
    }
  };
  layers("encoder", encoder);
  layers("decoder", decoder);
  return t.add("decoder.output_projection.weight", {100, d});
}

/// A ResNet of basic blocks (two convolutions) or bottlenecks (three), `blocks` in each of two stages; with norms as in
/// torchvision, or with the scalars of Fixup.
inline Tensors resnet_tensors(std::size_t blocks, bool bottleneck, bool norms) {
  Tensors t;
  t.add("conv1.weight", {16, 3, 7, 7});
  if (norms) t.norm("bn1", 16);
  std::size_t in = 16;
  for (std::size_t stage = 1; stage <= 2; ++stage) {
    const std::size_t width = 16 * stage;
    const std::size_t out = bottleneck ? 4 * width : width;
    for (std::size_t i = 0; i < blocks; ++i) {
      const std::string h = "layer" + std::to_string(stage) + "." + std::to_string(i) + ".";
      const auto conv = [&](const char* number, std::size_t to, std::size_t from, std::size_t taps) {
        t.add(h + "conv" + number + ".weight", {to, from, taps, taps});
        if (norms) t.norm(h + "bn" + number, to).add(h + "bn" + number + ".running_mean", {to});
        if (!norms) t.add(h + "bias" + number + "a", {1}).add(h + "bias" + number + "b", {1});
      };
      if (bottleneck) {
        conv("1", width, in, 1);
        conv("2", width, width, 3);
        conv("3", out, width, 1);
      } else {
        conv("1", width, in, 3);
        conv("2", out, width, 3);
      }
      if (in != out) t.add(h + "downsample.0.weight", {out, in, 1, 1});
      if (in != out && norms) t.norm(h + "downsample.1", out);
      if (!norms) t.add(h + "scale", {1});
      in = out;
    }
  }
  return t.linear("fc", 10, in);
}

}  // namespace fanin::init
