#include "cli/autoencoder_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fanin/core/version.h"
#include "fanin/io/safetensors.h"
#include "fanin/report/mosaic.h"

#include "cli/calibration_report.h"
#include "cli/rbm_pictures.h"
#include "cli/rbm_settings.h"
#include "cli/train_json.h"

namespace fanin::cli {

AutoencoderBaselines autoencoder_baselines(const data::Dataset& train, const data::Dataset& judged, std::size_t code,
                                           bool pca, ThreadPool& pool) {
  AutoencoderBaselines b;
  b.mean_error = data::PrincipalComponents(train, 0, pool).squared_error(judged, pool);
  if (pca) {
    b.pca.emplace(train, std::min(code, train.features()), pool);
    b.pca_error = b.pca->squared_error(judged, pool);
  }
  return b;
}

std::vector<std::uint32_t> samples_by_class(const data::Dataset& data, std::size_t count) {
  std::vector<std::vector<std::uint32_t>> of_class(data.classes());
  for (std::size_t i = 0; i < data.size(); ++i) {
    of_class[static_cast<std::size_t>(data.labels()[i])].push_back(static_cast<std::uint32_t>(i));
  }
  std::vector<std::uint32_t> chosen;
  count = std::min(count, data.size());
  for (std::size_t turn = 0; chosen.size() < count; ++turn) {
    for (std::size_t c = 0; c < of_class.size() && chosen.size() < count; ++c) {
      if (turn < of_class[c].size()) chosen.push_back(of_class[c][turn]);
    }
  }
  return chosen;
}

ReconstructionPictures::ReconstructionPictures(const nn::Network& network, nn::LossKind loss, const data::Dataset& data,
                                               const std::optional<data::PrincipalComponents>& pca, std::size_t count,
                                               ThreadPool& pool) {
  const std::vector<std::uint32_t> chosen = samples_by_class(data, count);
  const std::size_t n = data.features();
  std::vector<float> x(chosen.size() * n);
  data.gather(chosen, {x.data(), chosen.size(), n});
  const std::vector<float> y = train::reconstructions(network, data, loss, chosen, pool);
  originals = unit_tiles({x.data(), chosen.size(), n}, n);
  by_network = unit_tiles({y.data(), chosen.size(), n}, n);
  if (pca) by_pca = unit_tiles({pca->reconstructions(data, chosen).data(), chosen.size(), n}, n);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    double error = 0;
    for (std::size_t j = i * n; j < (i + 1) * n; ++j) error += static_cast<double>((x[j] - y[j]) * (x[j] - y[j]));
    captions.push_back(fmt::format("error {:.2f}", error));
  }
}

void ReconstructionPictures::write(const std::string& path, std::size_t count) const {
  constexpr std::size_t kScale = 2;
  count = std::min(count, originals.size());
  std::vector<io::GrayImage> all;
  for (const std::vector<io::GrayImage>* row : {&originals, &by_network, &by_pca}) {
    all.insert(all.end(), row->begin(), row->begin() + static_cast<std::ptrdiff_t>(std::min(count, row->size())));
  }
  report::MosaicOptions o;
  o.columns = count;
  o.gap = 2;
  o.gap_gray = 64;
  o.scale = kScale;
  io::write_png_gray(path, report::mosaic(all, o));
}

std::string ReconstructionPictures::draw(std::size_t count) const {
  return drawn(originals, count) + "\n" + drawn(by_network, count, captions);
}

void write_codes(const std::string& path, const nn::NetworkSpec& spec, const nn::Network& network,
                 const data::Dataset& train, const data::Dataset* test, ThreadPool& pool) {
  const std::size_t code = train::code_index(spec);
  const std::size_t units = spec.widths[code + 1];
  std::vector<io::TensorSource> tensors;
  std::vector<std::vector<float>> codes;
  codes.reserve(2);
  const auto add = [&](const char* name, const data::Dataset& part) {
    codes.push_back(train::hidden_values(spec, network, code, part, pool));
    tensors.push_back(io::f32_source(fmt::format("{}.codes", name), Shape{part.size(), units}, codes.back()));
    tensors.push_back(
        {fmt::format("{}.labels", name), io::DType::i32, Shape{part.size()}, std::as_bytes(part.labels())});
  };
  add("train", train);
  if (test != nullptr) add("test", *test);
  io::write_safetensors(path, tensors, {{"fanin.layers", spec.widths_str()}});
}

std::size_t AutoencoderReport::code() const {
  return options.network.widths[train::code_index(options.network) + 1];
}

std::vector<train::Finding> AutoencoderReport::findings() const {
  return train::autoencoder_findings({code(), judged.squared_error, baselines.mean_error, baselines.pca_error});
}

nlohmann::ordered_json AutoencoderReport::json() const {
  using Json = nlohmann::ordered_json;
  Json epochs = Json::array();
  for (const train::EpochResult& e : result.epochs) epochs.push_back(to_json(e));
  Json document{{"schema", 1},
                {"command", "dbn autoencode"},
                {"version", version()},
                {"data", data},
                {"layers", options.network.widths_str()},
                {"activation", options.network.activations_str()},
                {"loss", nn::str(options.loss)},
                {"init", from},
                {"seed", options.seed},
                {"threads", threads},
                {"parameters", parameters},
                {"loss_before", result.loss_before},
                {"judged_on", on_test ? "test" : "train"},
                {"samples", judged.samples},
                {"test_loss", judged.loss},
                {"test_squared_error", judged.squared_error},
                {"mean_squared_error", baselines.mean_error},
                {"pca_squared_error", baselines.pca_error ? Json(*baselines.pca_error) : Json(nullptr)},
                {"best_epoch", result.best_epoch},
                {"stopped_early", result.stopped_early},
                {"seconds", result.seconds},
                {"pretraining_seconds", result.pretraining_seconds},
                {"epochs", std::move(epochs)},
                {"findings", to_json(findings())}};
  if (result.calibration) document["calibration"] = to_json(*result.calibration);
  for (const NamedPath& f : files) document["files"][f.flag] = f.path;
  return document;
}

std::string AutoencoderReport::text() const {
  const bool bits = options.loss == nn::LossKind::sigmoid_cross_entropy;
  std::string text = fmt::format("{} {}, {} parameters, from {}, seed {}\n", options.network.widths_str(),
                                 options.network.activations_str(), parameters, from, options.seed);
  if (!result.epochs.empty()) {
    text += fmt::format("loss before the first step {:.3f}, cost of epoch {} {:.3f}; {:.2f} s of training\n",
                        result.loss_before, result.epochs.back().epoch, result.epochs.back().cost, result.seconds);
  }
  if (result.calibration) text += calibration_text(*result.calibration, result.calibration_seconds);
  if (result.pretraining_seconds > 0) {
    text += fmt::format("{:.2f} s of pre-training\n", result.pretraining_seconds);
  }
  if (result.stopped_early) {
    text += fmt::format("stopped early: no lower validation loss for {} epochs\n", options.patience);
  }
  if (!result.epochs.empty() && result.best_epoch != result.epochs.back().epoch) {
    text += fmt::format("the weights are those of epoch {}, the lowest validation loss\n", result.best_epoch);
  }
  text += fmt::format("on {} {} samples of {}:\n", judged.samples, on_test ? "test" : "training", data);
  text += fmt::format("squared error         {:9.3f} a sample, {:.5f} a feature\n", judged.squared_error,
                      judged.squared_error / static_cast<double>(options.network.widths.front()));
  text += fmt::format("{:<22}{:9.3f} a sample\n", bits ? "cross-entropy, nats" : "mean square", judged.loss);
  if (baselines.pca_error) {
    text += fmt::format("{:<22}{:9.3f} squared error a sample\n", fmt::format("PCA, {} components", code()),
                        *baselines.pca_error);
  }
  text += fmt::format("mean of all samples   {:9.3f} squared error a sample\n", baselines.mean_error);
  text += findings_text(findings());
  for (const NamedPath& f : files) {
    if (!f.path.empty()) text += fmt::format("wrote {}\n", f.path);
  }
  return text;
}

}  // namespace fanin::cli
