#include "init/part_names.h"

#include <span>

namespace fanin::init {
namespace {

// The first line that fits decides, so longer ends stand before shorter ones.
constexpr NamedPart kInABlock[] = {
    // GPT-2
    {Part::query_key_value, "attn.c_attn"},
    {Part::attention_out, "attn.c_proj"},
    {Part::mlp_in, "mlp.c_fc"},
    {Part::mlp_out, "mlp.c_proj"},
    // GPT-NeoX, Falcon, BLOOM, Megatron
    {Part::query_key_value, "query_key_value"},
    {Part::attention_out, "attention.dense"},
    {Part::mlp_in, "mlp.dense_h_to_4h"},
    {Part::mlp_out, "mlp.dense_4h_to_h"},
    {Part::query_key_value, "self_attention.linear_qkv"},
    {Part::attention_out, "self_attention.linear_proj"},
    {Part::mlp_in, "mlp.linear_fc1"},
    {Part::mlp_out, "mlp.linear_fc2"},
    {Part::attention_out, "attn.dense"},
    {Part::query_key_value, "attn.Wqkv"},
    // BERT and its like
    {Part::attention_out, "attention.output.dense"},
    {Part::mlp_in, "intermediate.dense"},
    {Part::mlp_out, "output.dense"},
    {Part::query, "self.query"},
    {Part::key, "self.key"},
    {Part::value, "self.value"},
    {Part::query, "attention.query"},
    {Part::key, "attention.key"},
    {Part::value, "attention.value"},
    // T5
    {Part::query, "Attention.q"},
    {Part::key, "Attention.k"},
    {Part::value, "Attention.v"},
    {Part::attention_out, "Attention.o"},
    {Part::mlp_in, "DenseReluDense.wi"},
    {Part::mlp_in, "DenseReluDense.wi_0"},
    {Part::mlp_in, "DenseReluDense.wi_1"},
    {Part::mlp_out, "DenseReluDense.wo"},
    {Part::other, "relative_attention_bias"},
    // Llama, in both spellings, and mixtures of experts
    {Part::query, "attention.wq"},
    {Part::key, "attention.wk"},
    {Part::value, "attention.wv"},
    {Part::attention_out, "attention.wo"},
    {Part::mlp_in, "feed_forward.w1"},
    {Part::mlp_in, "feed_forward.w3"},
    {Part::mlp_out, "feed_forward.w2"},
    {Part::query, "q_proj"},
    {Part::key, "k_proj"},
    {Part::value, "v_proj"},
    {Part::query_key_value, "qkv_proj"},
    {Part::attention_out, "o_proj"},
    {Part::mlp_in, "gate_proj"},
    {Part::mlp_in, "up_proj"},
    {Part::mlp_in, "gate_up_proj"},
    {Part::mlp_out, "down_proj"},
    {Part::other, "mlp.gate"},
    {Part::other, "block_sparse_moe.gate"},
    // timm
    {Part::query_key_value, "attn.qkv"},
    {Part::attention_out, "attn.proj"},
    // torch.nn.Transformer, fairseq, OPT, GPT-J
    {Part::query_key_value, "attn.in_proj"},
    {Part::attention_out, "attn.out_proj"},
    {Part::attention_out, "attention.out_proj"},
    {Part::mlp_in, "linear1"},
    {Part::mlp_out, "linear2"},
    {Part::mlp_in, "fc1"},
    {Part::mlp_out, "fc2"},
    {Part::mlp_in, "mlp.fc_in"},
    {Part::mlp_out, "mlp.fc_out"},
    // Mamba
    {Part::branch_in, "mixer.in_proj"},
    {Part::branch_in, "mixer.x_proj"},
    {Part::branch_in, "mixer.dt_proj"},
    {Part::branch_in, "mixer.conv1d"},
    {Part::branch_out, "mixer.out_proj"},
    // ResNets; conv1, conv2, ... need a look at their neighbours
    {Part::shortcut, "downsample.0"},
    {Part::shortcut, "shortcut"},
    {Part::shortcut, "shortcut.0"},
};

constexpr NamedPart kOutside[] = {
    {Part::readout, "lm_head"},
    {Part::readout, "head"},
    {Part::readout, "classifier"},
    {Part::readout, "fc"},
    {Part::readout, "score"},
    {Part::readout, "output_projection"},
    {Part::readout, "output"},
    {Part::input, "conv1"},
    {Part::input, "patch_embed.proj"},
    {Part::input, "conv_proj"},
    {Part::input, "stem"},
    {Part::input, "patch_embeddings.projection"},
    {Part::readout, "predictions.decoder"},
    {Part::other, "predictions.transform.dense"},
    {Part::other, "pooler.dense"},
};

// At the boundary of a word; attention has many first names: `multihead_attn`, `crossattention`, `EncDecAttention`.
bool ends_with_word(std::string_view layer, std::string_view end) {
  if (!layer.ends_with(end)) return false;
  if (layer.size() == end.size() || layer[layer.size() - end.size() - 1] == '.') return true;
  return end.starts_with("attn.") || end.starts_with("attention.") || end.starts_with("Attention.");
}

std::optional<NamedPart> find(std::span<const NamedPart> table, std::string_view layer) {
  for (const NamedPart& p : table) {
    if (ends_with_word(layer, p.word)) return p;
  }
  return std::nullopt;
}

}  // namespace

std::optional<NamedPart> part_in_a_block(std::string_view layer) {
  return find(kInABlock, layer);
}

std::optional<NamedPart> part_outside_of_blocks(std::string_view layer) {
  return find(kOutside, layer);
}

}  // namespace fanin::init
