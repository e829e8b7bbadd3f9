#pragma once

#include <optional>
#include <string_view>

#include "fanin/init/model_spec.h"

namespace fanin::init {

/// A part and the end of the layer's name that tells it.
struct NamedPart {
  Part part;
  std::string_view word;
};

/// The part of a layer within a numbered block, from the end of its name: `transformer.h.3.attn.c_proj` ends an
/// attention branch. Nothing for a name of no known model family, and for a word that families use for different parts.
[[nodiscard]] std::optional<NamedPart> part_in_a_block(std::string_view layer);

/// The part of a layer outside of numbered blocks: `lm_head`, `patch_embed.proj`.
[[nodiscard]] std::optional<NamedPart> part_outside_of_blocks(std::string_view layer);

}  // namespace fanin::init
