#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "fanin/init/infer.h"
#include "fanin/io/safetensors.h"

namespace fanin::io {

/// The parameters that a JSON file describes, or a TOML file (*.toml) with the same keys, for init::infer_spec():
///
///     {"dtype": "bf16",
///      "parameters": [{"name": "embed.weight", "shape": [32000, 4096], "role": "embedding"},
///                     {"name": "dw.weight", "shape": [32, 1, 3, 3], "kind": "conv", "groups": 32}]}
///
/// A parameter has a name and a shape, and may have dtype (else the file's, else f32), role, kind, depth, fan_in,
/// fan_out, groups, state and tied_to; what is left out is inferred. Nothing is ignored: Error(data) with the
/// parameter's number for an unknown key (naming the nearest), a key that is there twice, a value of another type or
/// out of range, for text that is no such JSON or TOML, and for more than 16 MiB or 100 000 parameters. Error(io) if
/// the file cannot be read.
[[nodiscard]] std::vector<init::NamedTensor> read_spec_file(const std::filesystem::path& path);

/// The tensors of a safetensors header, for init::infer_spec(): those of type F32, BF16 and F16 have a dtype.
[[nodiscard]] std::vector<init::NamedTensor> named_tensors(std::span<const TensorInfo> tensors);

/// The type of a file for a parameter's type, and back; nothing for a type that no parameter has.
[[nodiscard]] DType dtype_of(init::FloatType type) noexcept;
[[nodiscard]] std::optional<init::FloatType> float_type_of(DType type) noexcept;

}  // namespace fanin::io
