#include "cli/autoencoder_start.h"

#include <fmt/format.h>

#include <numeric>

#include "fanin/core/error.h"
#include "fanin/dbn/unroll.h"
#include "fanin/io/machine_file.h"
#include "fanin/io/network_file.h"
#include "fanin/io/safetensors.h"
#include "fanin/train/autoencoder.h"

namespace fanin::cli {
namespace {

std::vector<float> values_of(const nn::Network& network) {
  return {network.values().begin(), network.values().end()};
}

AutoencoderStart from_stack(const std::string& path) {
  io::LoadedMachines loaded = io::load_machines(path);
  const nn::LossKind loss = loss_for(loaded.machines.front().spec().visible_units);
  const dbn::Unrolled made = dbn::unroll_autoencoder(dbn::Stack(std::move(loaded.machines)));
  return {true, made.spec, loss, values_of(made.network), std::move(loaded.metadata)};
}

AutoencoderStart from_network(const std::string& path) {
  io::LoadedNetwork loaded = io::load_network(path);
  const auto options = loaded.metadata.find("fanin.options");
  const std::string text = options == loaded.metadata.end() ? "" : options->second;
  if (text.find("; targets=inputs") == std::string::npos) {
    throw Error(ErrorKind::data, "autoencoder",
                fmt::format("{} is neither a stack of machines nor an autoencoder of 'fanin dbn autoencode'", path));
  }
  train::require_mirrored(loaded.spec);
  const bool squared = text.find("; loss=" + nn::str(nn::LossKind::mean_squared_error)) != std::string::npos;
  return {false, loaded.spec, squared ? nn::LossKind::mean_squared_error : nn::LossKind::sigmoid_cross_entropy,
          values_of(loaded.network), std::move(loaded.metadata)};
}

data::Dataset binarized(const data::Dataset& data, const data::Binarization& binarization,
                        const random::Stream& stream) {
  std::vector<float> values(data.size() * data.features());
  std::vector<std::uint32_t> all(data.size());
  std::iota(all.begin(), all.end(), 0U);
  data::gather(data, binarization, stream, 0, all, {values.data(), data.size(), data.features()});
  return {data.name(),
          data.sample_shape(),
          std::move(values),
          {data.labels().begin(), data.labels().end()},
          data.classes()};
}

}  // namespace

AutoencoderStart autoencoder_start(const std::string& path) {
  const bool machines = io::SafetensorsFile::open(path).find("0.visible_bias") != nullptr;
  return machines ? from_stack(path) : from_network(path);
}

nn::LossKind loss_for(rbm::UnitKind visible) {
  if (visible == rbm::UnitKind::binary) return nn::LossKind::sigmoid_cross_entropy;
  if (visible == rbm::UnitKind::gaussian) return nn::LossKind::mean_squared_error;
  throw Error(
      ErrorKind::unsupported, "autoencoder",
      fmt::format("visible units are {}, an autoencoder gives back binary or gaussian ones", rbm::str(visible)));
}

LoadedData binarized(LoadedData data, const data::Binarization& binarization, std::uint64_t seed) {
  binarization.validate();
  if (binarization.kind == data::Binarization::Kind::resample) {
    throw Error(ErrorKind::usage, "cli",
                "--binarize: 'resample' draws anew in each epoch, an autoencoder takes none, sample or a threshold");
  }
  if (binarization.kind == data::Binarization::Kind::none && !binarization.flip) return data;
  data.train = binarized(data.train, binarization, random::Stream(seed, "binarization"));
  if (data.test) data.test = binarized(*data.test, binarization, random::Stream(seed, "binarization of test data"));
  return data;
}

}  // namespace fanin::cli
