#include "train/checkpoint.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "fanin/core/error.h"
#include "fanin/io/safetensors.h"

namespace fanin::train {
namespace {

using nlohmann::json;

constexpr const char* kStateKey = "fanin.checkpoint";
constexpr int kVersion = 1;

// A double that reads back as the same bits: JSON prints finite ones so, and has no word for the others.
json number(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : (value > 0 ? "inf" : "-inf");
}

double number(const json& j) {
  if (j == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (j == "inf") return std::numeric_limits<double>::infinity();
  if (j == "-inf") return -std::numeric_limits<double>::infinity();
  return j.get<double>();
}

json optional_number(const std::optional<double>& value) {
  return value ? number(*value) : json(nullptr);
}

std::optional<double> optional_number(const json& j) {
  return j.is_null() ? std::nullopt : std::optional<double>(number(j));
}

// JSON's other numbers would convert to something, too.
std::uint64_t count(const json& j) {
  if (!j.is_number_unsigned()) throw json::other_error::create(0, "a count is " + j.dump(), &j);
  return j.get<std::uint64_t>();
}

json to_json(const EpochResult& e) {
  json j{{"epoch", e.epoch},
         {"cost", number(e.cost)},
         {"learning_rate", number(e.learning_rate)},
         {"seconds", number(e.seconds)},
         {"validation_loss", optional_number(e.validation_loss)},
         {"validation_accuracy", optional_number(e.validation_accuracy)},
         {"test_accuracy", optional_number(e.test_accuracy)}};
  // What came later is there only where it was measured, so that other checkpoints keep their bytes.
  if (e.test_loss) j["test_loss"] = number(*e.test_loss);
  if (e.test_squared_error) j["test_squared_error"] = number(*e.test_squared_error);
  return j;
}

EpochResult epoch_from_json(const json& j) {
  EpochResult e;
  e.epoch = count(j.at("epoch"));
  e.cost = number(j.at("cost"));
  e.learning_rate = number(j.at("learning_rate"));
  e.seconds = number(j.at("seconds"));
  e.validation_loss = optional_number(j.at("validation_loss"));
  e.validation_accuracy = optional_number(j.at("validation_accuracy"));
  e.test_accuracy = optional_number(j.at("test_accuracy"));
  if (j.contains("test_loss")) e.test_loss = number(j.at("test_loss"));
  if (j.contains("test_squared_error")) e.test_squared_error = number(j.at("test_squared_error"));
  return e;
}

std::vector<float> read_flat(const std::string& path, const io::SafetensorsFile& file, const std::string& name) {
  const io::TensorInfo* info = file.find(name);
  if (info == nullptr) return {};
  // Before memory is taken: so many float32 really are in the file.
  if (info->dtype != io::DType::f32 || info->shape.rank() != 1) {
    throw Error(ErrorKind::data, "checkpoint",
                fmt::format("{}: '{}' is {} {}, a checkpoint holds F32 [n]", path, name, io::dtype_name(info->dtype),
                            info->shape.str()));
  }
  std::vector<float> values(info->shape.elements());
  file.read_f32(name, info->shape, values);
  return values;
}

std::string slot_name(std::size_t s) {
  return fmt::format("optimizer.{}", s);
}

}  // namespace

void write_checkpoint(const std::string& path, const Checkpoint& c) {
  json epochs = json::array();
  for (const EpochResult& e : c.epochs) epochs.push_back(to_json(e));
  // Doubles are printed so that reading gives the same bits back.
  const json state = {{"version", kVersion},
                      {"fingerprint", c.fingerprint},
                      {"data_hash", c.data_hash},
                      {"epoch", c.epoch},
                      {"step", c.step},
                      {"cost_sum", number(c.cost_sum)},
                      {"epoch_seconds", number(c.epoch_seconds)},
                      {"loss_before", number(c.loss_before)},
                      {"optimizer_steps", c.optimizer_steps},
                      {"best_epoch", c.best_epoch},
                      {"best_loss", number(c.best_loss)},
                      {"epochs_without_gain", c.epochs_without_gain},
                      {"slots", c.slots.size()},
                      {"epochs", epochs}};
  std::vector<io::TensorSource> tensors{io::f32_source("values", Shape{c.values.size()}, c.values)};
  for (std::size_t s = 0; s < c.slots.size(); ++s) {
    tensors.push_back(io::f32_source(slot_name(s), Shape{c.slots[s].size()}, c.slots[s]));
  }
  if (!c.best_values.empty()) {
    tensors.push_back(io::f32_source("best", Shape{c.best_values.size()}, c.best_values));
  }
  io::write_safetensors(path, tensors, {{kStateKey, state.dump()}});
}

Checkpoint read_checkpoint(const std::string& path) {
  const auto file = io::SafetensorsFile::open(path);
  const auto entry = file.metadata().find(kStateKey);
  if (entry == file.metadata().end()) {
    throw Error(ErrorKind::data, "checkpoint",
                fmt::format("{} is no checkpoint: its metadata has no {}", path, kStateKey));
  }
  Checkpoint c;
  std::size_t slots = 0;
  try {
    const json state = json::parse(entry->second);
    if (state.at("version") != kVersion) {
      throw Error(
          ErrorKind::unsupported, "checkpoint",
          fmt::format("{} has version {}, this program reads version {}", path, state.at("version").dump(), kVersion));
    }
    c.fingerprint = state.at("fingerprint");
    c.data_hash = count(state.at("data_hash"));
    c.epoch = count(state.at("epoch"));
    c.step = count(state.at("step"));
    c.cost_sum = number(state.at("cost_sum"));
    c.epoch_seconds = number(state.at("epoch_seconds"));
    c.loss_before = number(state.at("loss_before"));
    c.optimizer_steps = count(state.at("optimizer_steps"));
    c.best_epoch = count(state.at("best_epoch"));
    c.best_loss = number(state.at("best_loss"));
    c.epochs_without_gain = count(state.at("epochs_without_gain"));
    slots = count(state.at("slots"));
    for (const json& e : state.at("epochs")) c.epochs.push_back(epoch_from_json(e));
  } catch (const json::exception& e) {
    throw Error(ErrorKind::data, "checkpoint",
                fmt::format("{}: the {} metadata is damaged: {}", path, kStateKey, e.what()));
  }
  c.values = read_flat(path, file, "values");
  constexpr std::size_t kMaxSlots = 8;
  for (std::size_t s = 0; s < slots && s < kMaxSlots; ++s) c.slots.push_back(read_flat(path, file, slot_name(s)));
  c.best_values = read_flat(path, file, "best");
  return c;
}

}  // namespace fanin::train
