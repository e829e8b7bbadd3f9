#include "io/plan_tensors.h"

#include <fmt/format.h>

#include "fanin/core/error.h"
#include "fanin/io/spec_file.h"

#include "io/safetensors_header.h"

namespace fanin::io {
namespace {

PlanTensor copied(const init::PlanEntry& entry, const init::Shard& shard, const ModelFiles* loaded) {
  const init::ParameterSpec& p = entry.parameter;
  if (loaded == nullptr) {
    throw Error(ErrorKind::usage, "plan",
                fmt::format("parameter '{}' is {}, but there is no file with its values", p.name, to_string(p.state)));
  }
  const TensorInfo* info = loaded->find(p.name);
  if (info == nullptr || info->shape != p.shape) {
    throw Error(ErrorKind::data, "plan",
                fmt::format("parameter '{}' {} is {}, the file {}", shown(p.name), p.shape.str(), to_string(p.state),
                            info == nullptr ? "does not have it" : "has it as " + info->shape.str()));
  }
  PlanTensor t{&entry, init::shape_of(shard, p.shape), info->dtype, init::elements_of(shard, p.shape)};
  const auto first = tensor_bytes(t.elements.first, info->dtype);
  const auto count = tensor_bytes(t.elements.count, info->dtype);
  if (!first || !count) {
    throw Error(ErrorKind::usage, "plan",
                fmt::format("parameter '{}' {} of {}: its rows do not end at whole bytes, so it cannot be cut",
                            shown(p.name), p.shape.str(), dtype_name(info->dtype)));
  }
  t.copied = loaded->bytes(*info).subspan(*first, *count);
  return t;
}

}  // namespace

std::vector<PlanTensor> plan_tensors(const init::Plan& plan, const init::Shard& shard, const ModelFiles* loaded) {
  std::vector<PlanTensor> tensors;
  for (const init::PlanEntry& entry : plan.entries()) {
    const init::ParameterSpec& p = entry.parameter;
    if (p.state == init::State::tied || !init::holds(shard, p.shape)) continue;
    if (!entry.rule) {
      tensors.push_back(copied(entry, shard, loaded));
    } else {
      tensors.push_back({&entry, init::shape_of(shard, p.shape), dtype_of(p.dtype), init::elements_of(shard, p.shape)});
    }
  }
  return tensors;
}

std::uint64_t bytes_of(const PlanTensor& tensor) {
  return tensor_bytes(tensor.elements.count, tensor.dtype).value_or(0);
}

}  // namespace fanin::io
