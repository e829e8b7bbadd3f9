#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/data/find.h"
#include "fanin/io/network_file.h"
#include "fanin/io/png.h"
#include "fanin/nn/loss.h"
#include "fanin/train/evaluate.h"

#include "cli/command.h"
#include "cli/data_source.h"
#include "cli/picture.h"
#include "cli/predict_report.h"
#include "cli/settings.h"
#include "data/printable.h"

namespace fanin::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Predict {
  Common common;
  DataSource source;
  std::string model;
  std::string part = "test";
  std::string activation;
  std::string loss;
  std::string index;
  std::string image;
  std::string seed;
  std::string invert = "auto";
  bool random = false;
  std::size_t worst = 4;
  std::unique_ptr<Settings> settings;

  int run();

 private:
  [[nodiscard]] io::LoadedNetwork load_model() const;
  [[nodiscard]] nn::LossKind loss_of(const io::LoadedNetwork& loaded) const;
  [[nodiscard]] data::Dataset load_part(const io::LoadedNetwork& loaded);
  [[nodiscard]] Json document(const char* mode) const;
  int evaluate(const io::LoadedNetwork& loaded, const data::Dataset& data) const;
  int show_sample(const io::LoadedNetwork& loaded, const data::Dataset& data, const char* mode, std::size_t at,
                  std::optional<std::uint64_t> drawn_with) const;
  int show_image(const io::LoadedNetwork& loaded) const;
};

// What a network that was not trained as a classifier by its softmax would call a probability: its softmax all the
// same.
std::vector<float> probabilities_of(const nn::Network& network, const data::Dataset& data,
                                    std::span<const std::uint32_t> indices) {
  std::vector<float> p = train::outputs(network, data, indices);
  const MatrixView<float> rows(p.data(), indices.size(), network.outputs());
  nn::softmax(rows, rows);
  return p;
}

std::size_t likeliest(std::span<const float> probabilities) {
  return static_cast<std::size_t>(std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin());
}

std::string model_line(const std::string& path, const io::LoadedNetwork& loaded) {
  std::string text = fmt::format("{}: {} {}", path, loaded.spec.widths_str(), loaded.spec.activations_str());
  for (const auto& [key, word] : {std::pair{"fanin.init", "init"}, std::pair{"fanin.epochs", "epochs"}}) {
    const auto at = loaded.metadata.find(key);
    // The metadata are whatever the file's maker put there, escape sequences for the terminal included.
    if (at != loaded.metadata.end()) text += fmt::format(", {} {}", word, data::printable(at->second));
  }
  return text + "\n";
}

std::uint64_t seed_from_clock() {
  constexpr std::uint64_t kShort = 1000000000;  // so that it can be typed again
  return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) / 1000 % kShort;
}

io::LoadedNetwork Predict::load_model() const {
  if (model.empty()) {
    throw Error(ErrorKind::usage, "cli", "no model given; as in: fanin predict model.safetensors");
  }
  nn::NetworkSpec wanted;
  wanted.parse_activations(activation.empty() ? "relu" : activation);
  io::LoadedNetwork loaded = io::load_network(model, wanted.activations_str());
  if (!activation.empty() && loaded.spec.activations_str() != wanted.activations_str()) {
    throw Error(ErrorKind::usage, "cli",
                fmt::format("--activation {} given, but {} says {}; the flag is for files that say nothing",
                            wanted.activations_str(), model, loaded.spec.activations_str()));
  }
  return loaded;
}

nn::LossKind Predict::loss_of(const io::LoadedNetwork& loaded) const {
  const auto options = loaded.metadata.find("fanin.options");
  if (options != loaded.metadata.end() && options->second.find("; targets=inputs") != std::string::npos) {
    throw Error(
        ErrorKind::usage, "predict",
        fmt::format("{} is an autoencoder and has no classes, 'fanin dbn autoencode {}' judges it", model, model));
  }
  if (!loss.empty()) return nn::parse_loss(loss);
  const bool squared = options != loaded.metadata.end() &&
                       options->second.find(" loss=" + nn::str(nn::LossKind::mean_squared_error)) != std::string::npos;
  return squared ? nn::LossKind::mean_squared_error : nn::LossKind::softmax_cross_entropy;
}

data::Dataset Predict::load_part(const io::LoadedNetwork& loaded) {
  if (source.data.empty()) {
    // A network trained on a named set is judged on that one unless told otherwise.
    const auto at = loaded.metadata.find("fanin.data");
    const std::vector<std::string> named = data::named_datasets();
    const bool known = at != loaded.metadata.end() && std::find(named.begin(), named.end(), at->second) != named.end();
    source.data = known ? at->second : DataSource{}.data;
  }
  data::Dataset data = part == "train" ? std::move(load(source).train) : load_for_test(source);
  train::check_fit(loaded.network, data);
  return data;
}

Json Predict::document(const char* mode) const {
  return {{"schema", 1}, {"command", "predict"}, {"mode", mode}, {"model", model}};
}

int Predict::evaluate(const io::LoadedNetwork& loaded, const data::Dataset& data) const {
  ThreadPool pool(common.thread_count());
  const nn::LossKind kind = loss_of(loaded);
  const train::Evaluation e = train::evaluate(loaded.network, data, kind, pool);
  const std::size_t classes = loaded.network.outputs();
  const std::vector<std::uint32_t> indices = worst_samples(e.sample_loss, worst);
  const std::vector<float> p = probabilities_of(loaded.network, data, indices);
  std::vector<Prediction> shown;
  for (std::size_t k = 0; k < indices.size(); ++k) {
    const std::uint32_t i = indices[k];
    const std::int32_t predicted = e.predictions[i];
    shown.push_back(
        {i, data.labels()[i], predicted, p[k * classes + static_cast<std::size_t>(predicted)], e.sample_loss[i]});
  }
  const Confusion confusion(data.labels(), e.predictions, classes);
  if (common.json) {
    Json j = document("evaluate");
    j["data"] = data.name();
    j["part"] = part;
    j["samples"] = e.samples;
    j["accuracy"] = e.accuracy;
    j["loss"] = e.loss;
    j["loss_kind"] = nn::str(kind);
    j["dead_fraction"] = e.dead_fraction;
    add_confusion(j, confusion);
    j["worst"] = Json::array();
    for (const Prediction& prediction : shown) j["worst"].push_back(to_json(prediction));
    print_json(j);
    return kOk;
  }
  std::size_t correct = 0;
  for (std::size_t c = 0; c < classes; ++c) correct += confusion(c, c);
  std::string text = model_line(model, loaded);
  text += fmt::format("accuracy {:.2f} % ({} of {}), loss {:.4f} on {}\n\n", 100 * e.accuracy, correct, e.samples,
                      e.loss, data.name());
  text += confusion_text(confusion);
  if (!shown.empty()) text += "\n" + worst_text(shown, data);
  print(text);
  return kOk;
}

int Predict::show_sample(const io::LoadedNetwork& loaded, const data::Dataset& data, const char* mode, std::size_t at,
                         std::optional<std::uint64_t> drawn_with) const {
  if (at >= data.size()) {
    throw Error(ErrorKind::usage, "predict",
                fmt::format("--index {} given, {} holds samples 0 to {}", at, data.name(), data.size() - 1));
  }
  const std::uint32_t indices[] = {static_cast<std::uint32_t>(at)};
  const std::vector<float> p = probabilities_of(loaded.network, data, indices);
  const std::size_t predicted = likeliest(p);
  const std::int32_t label = data.labels()[at];
  if (common.json) {
    Json j = document(mode);
    j["data"] = data.name();
    j["part"] = part;
    if (drawn_with) j["seed"] = *drawn_with;
    j["index"] = at;
    j["label"] = label;
    j["prediction"] = predicted;
    j["probability"] = p[predicted];
    j["correct"] = static_cast<std::size_t>(label) == predicted;
    j["probabilities"] = p;
    print_json(j);
    return kOk;
  }
  std::string text = fmt::format("sample {} of {}", at, data.name());
  if (drawn_with) text += fmt::format(", drawn with --seed {}", *drawn_with);
  text += "\n\n";
  if (auto drawn = picture_of(data, at)) {
    const report::Picture pictures[] = {{std::move(*drawn), ""}};
    text += report::draw(pictures, bitmap_options()) + "\n";
  }
  text += fmt::format("Label: {}\nPrediction: {} with {:.2f} %\n\n", label, predicted, 100 * p[predicted]);
  print(text + probability_bars(p));
  return kOk;
}

int Predict::show_image(const io::LoadedNetwork& loaded) const {
  const io::GrayImage original = io::read_png_gray(image);
  const auto forced = invert == "auto" ? std::nullopt : std::optional<bool>(invert == "true");
  NetworkInput input = prepare(original, loaded.network.inputs(), forced);
  const data::Dataset data(image, {input.image.rows, input.image.cols}, input.image.pixels, {0},
                           loaded.network.outputs());
  const std::uint32_t indices[] = {0};
  const std::vector<float> p = probabilities_of(loaded.network, data, indices);
  const std::size_t predicted = likeliest(p);
  if (common.json) {
    Json j = document("image");
    j["image"] = image;
    j["rows"] = original.rows;
    j["cols"] = original.cols;
    j["inverted"] = input.inverted;
    j["padded"] = input.padded;
    j["prediction"] = predicted;
    j["probability"] = p[predicted];
    j["probabilities"] = p;
    print_json(j);
    return kOk;
  }
  std::string text = fmt::format("{}: {}x{} pixels, seen by the network as {}x{}\n", image, original.rows,
                                 original.cols, input.image.rows, input.image.cols);
  if (input.padded) text += "made square with its own background, so that proportions are kept\n";
  if (input.inverted) {
    text += forced ? "black and white exchanged, as --invert says\n"
                   : "black and white exchanged, because the border is mostly bright and the network knows bright ink "
                     "on black\n(--no-invert leaves them)\n";
  }
  const report::Picture pictures[] = {{std::move(input.image), ""}};
  text += "\n" + report::draw(pictures, bitmap_options()) + "\n";
  text += fmt::format("Prediction: {} with {:.2f} %\n\n", predicted, 100 * p[predicted]);
  print(text + probability_bars(p));
  return kOk;
}

int Predict::run() {
  settings->apply();
  if (settings->print_config()) {
    print(settings->toml());
    return kOk;
  }
  (void)common.thread_count();
  if (part != "test" && part != "train") {
    throw Error(ErrorKind::usage, "cli", fmt::format("part: '{}' given, allowed are test and train", part));
  }
  if (int(!index.empty()) + int(random) + int(!image.empty()) > 1) {
    throw Error(ErrorKind::usage, "cli", "--index, --random and --image each choose what is shown, give one of them");
  }
  const auto at = parse_unsigned(index);
  if (!index.empty() && !at) {
    throw Error(ErrorKind::usage, "cli", fmt::format("index: '{}' given, allowed is a whole number, 0 or more", index));
  }
  const auto chosen_seed = parse_unsigned(seed);
  if (!seed.empty() && !chosen_seed) {
    throw Error(ErrorKind::usage, "cli",
                fmt::format("seed: '{}' given, allowed is a whole number from 0 to 2^64-1", seed));
  }
  const io::LoadedNetwork loaded = load_model();
  if (!image.empty()) return show_image(loaded);
  const data::Dataset data = load_part(loaded);
  if (at) return show_sample(loaded, data, "index", *at, std::nullopt);
  if (!random) return evaluate(loaded, data);
  const std::uint64_t drawn_with = chosen_seed ? *chosen_seed : seed_from_clock();
  // The high half of word * size is uniform below size, up to 2^-32.
  const std::uint64_t word = random::Stream(drawn_with, "predict").word(0);
  return show_sample(loaded, data, "random", static_cast<std::size_t>((word * data.size()) >> 32), drawn_with);
}

Setting invert_setting(std::string& value) {
  return {"invert", "", "Exchange black and white of --image; without it a mostly bright border decides",
          [&value](const std::string& text) {
            if (text != "true" && text != "false" && text != "auto") {
              throw Error(ErrorKind::usage, "cli",
                          fmt::format("invert: '{}' given, allowed are true, false and auto", text));
            }
            value = text;
          },
          [&value] { return value == "auto" ? toml_quoted(value) : value; }};
}

}  // namespace

void add_predict(Command app) {
  const Command command = app.subcommand("predict", "Judge a saved network on data, or let it read one image");
  auto state = std::make_shared<Predict>();
  state->source.data.clear();
  command.argument("model", "FILE", state->model,
                   "The network: a safetensors file of 'fanin train', or of a PyTorch Sequential");
  state->common.add_to(command);
  std::vector<Setting> all{
      text_setting("part", "PART", "Judge on the data's test or train part", state->part),
      text_setting("index", "I", "Show one sample of the data", state->index),
      bool_setting("random", "Show a random sample of the data", state->random),
      text_setting("seed", "N", "Which random sample; from the clock if not given", state->seed),
      text_setting("image", "FILE", "Predict a PNG: made gray, square and as large as the network's input",
                   state->image),
      invert_setting(state->invert),
      count_setting("worst", "Show the N samples with the highest losses", state->worst),
      text_setting("loss", "NAME", "softmax_cross_entropy or mean_squared_error; what the file says if not given",
                   state->loss),
      text_setting("activation", "NAME", "Of files that do not say theirs; relu if not given", state->activation)};
  for (Setting& s : state->source.settings()) {
    if (s.name == "data") s.help += "; the one it was trained on, or mnist, if not given";
    all.push_back(std::move(s));
  }
  state->settings = std::make_unique<Settings>(std::move(all));
  state->settings->add_to(command);
  command.runs([state] { return state->run(); });
}

}  // namespace fanin::cli
