#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/io/atomic_file.h"
#include "fanin/io/png.h"
#include "fanin/rbm/gibbs.h"
#include "fanin/report/mosaic.h"
#include "fanin/train/rbm_measures.h"

#include "cli/command.h"
#include "cli/paths.h"
#include "cli/rbm_commands.h"
#include "cli/rbm_file.h"
#include "cli/rbm_pictures.h"
#include "cli/rbm_settings.h"
#include "cli/settings.h"

namespace fanin::cli {
namespace {

// Sampling and inpainting: Gibbs steps with all, some or none of the visible units given.
struct RbmSample {
  Common common;
  std::string file;
  RbmInput input;
  std::string output;
  std::string start = "random";
  std::string hide = "bottom";
  std::size_t count = 100;
  std::size_t steps = 1000;
  std::size_t shown = 10;
  std::string label;
  std::uint64_t seed = 0;
  std::unique_ptr<Settings> settings;

  int sample();
  int inpaint();

 private:
  [[nodiscard]] std::vector<float> data_rows(const rbm::Rbm& machine, const LoadedData& data);
  int finish(const char* command, const rbm::Rbm& machine, std::vector<io::GrayImage> tiles, std::size_t columns,
             const std::string& what) const;
};

std::vector<float> RbmSample::data_rows(const rbm::Rbm& machine, const LoadedData& data) {
  const data::Dataset& judged = data.test ? *data.test : data.train;
  const train::RbmData rows{&judged, input.binarization, random::Stream(seed, "binarization of test data")};
  rows.check(machine);
  count = std::min(count, judged.size());
  std::vector<std::uint32_t> indices(count);
  std::iota(indices.begin(), indices.end(), 0U);
  std::vector<float> x(count * machine.visible());
  rows.rows(machine, 0, indices, {x.data(), count, machine.visible()});
  return x;
}

int RbmSample::finish(const char* command, const rbm::Rbm& machine, std::vector<io::GrayImage> tiles,
                      std::size_t columns, const std::string& what) const {
  if (!output.empty()) {
    report::MosaicOptions o;
    o.columns = columns;
    io::write_png_gray(output, report::mosaic(tiles, o));
  }
  if (common.json) {
    print_json({{"schema", 1},
                {"command", command},
                {"machine", machine_str(machine.spec())},
                {"count", count},
                {"steps", steps},
                {"seed", seed},
                {"files", {{"picture", output}}}});
    return kOk;
  }
  std::string text =
      fmt::format("{}: {}\n{}, {} Gibbs steps, seed {}\n\n", file, machine_str(machine.spec()), what, steps, seed);
  text += drawn(tiles, shown);
  if (!output.empty()) text += fmt::format("\nwrote {}\n", output);
  print(text);
  return kOk;
}

int RbmSample::sample() {
  settings->apply();
  if (settings->print_config()) {
    print(settings->toml());
    return kOk;
  }
  constexpr std::size_t kMost = 10000;
  if (count == 0 || count > kMost) {
    throw Error(ErrorKind::usage, "cli", fmt::format("--count: {} given, allowed are 1 to {}", count, kMost));
  }
  if (start != "random" && start != "data") {
    throw Error(ErrorKind::usage, "cli", fmt::format("--start: '{}' given, allowed are random and data", start));
  }
  require_distinct({{"--output", output}}, {{"machine", file}});
  if (!output.empty()) io::check_writable(output);
  const RbmFile loaded = open_machine(file);
  loaded.adopt(input, *settings);
  const rbm::Rbm& machine = loaded.machine();
  const std::size_t v = machine.visible();
  ThreadPool pool(common.thread_count());
  std::vector<float> x(count * v);
  if (start == "data") {
    x = data_rows(machine, input.load());
  } else {
    const random::Stream stream(seed, "first states");
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(stream.word(i) >> 31U);
  }
  std::vector<std::uint8_t> clamped;
  if (!label.empty()) {
    const std::size_t labels = machine.spec().labels;
    const auto k = parse_unsigned(label);
    if (labels == 0) throw Error(ErrorKind::usage, "cli", fmt::format("--label: {} has no label units", file));
    if (!k || *k >= labels) {
      throw Error(ErrorKind::usage, "cli", fmt::format("--label: '{}' given, allowed are 0 to {}", label, labels - 1));
    }
    clamped.assign(v, 0);
    std::fill(clamped.begin() + static_cast<std::ptrdiff_t>(machine.spec().visible), clamped.end(), std::uint8_t{1});
    for (std::size_t r = 0; r < count; ++r) {
      float* row = x.data() + r * v + machine.spec().visible;
      std::fill_n(row, labels, 0.0F);
      row[*k] = 1;
    }
  }
  std::vector<float> means(x.size());
  rbm::gibbs(machine, steps, seed, {x.data(), count, v}, {means.data(), count, v}, clamped, pool);
  return finish("rbm sample", machine, unit_tiles({means.data(), count, v}, machine.spec().visible), 0,
                fmt::format("{} samples from {} states{}", count, start, label.empty() ? "" : ", label " + label));
}

int RbmSample::inpaint() {
  settings->apply();
  if (settings->print_config()) {
    print(settings->toml());
    return kOk;
  }
  require_distinct({{"--output", output}}, {{"machine", file}});
  if (!output.empty()) io::check_writable(output);
  const RbmFile loaded = open_machine(file);
  loaded.adopt(input, *settings);
  const rbm::Rbm& machine = loaded.machine();
  const std::size_t v = machine.visible();
  const std::size_t pixels = machine.spec().visible;
  const auto [rows, cols] = picture_sides(pixels);
  std::vector<std::uint8_t> known(v, 0);
  for (std::size_t i = 0; i < pixels; ++i) {
    const std::size_t r = i / cols;
    const std::size_t c = i % cols;
    bool hidden = false;
    if (hide == "bottom") {
      hidden = 2 * r >= rows;
    } else if (hide == "top") {
      hidden = 2 * r < rows;
    } else if (hide == "left") {
      hidden = 2 * c < cols;
    } else if (hide == "right") {
      hidden = 2 * c >= cols;
    } else {
      throw Error(ErrorKind::usage, "cli",
                  fmt::format("--hide: '{}' given, allowed are top, bottom, left and right", hide));
    }
    known[i] = hidden ? 0 : 1;
  }
  ThreadPool pool(common.thread_count());
  const std::vector<float> original = data_rows(machine, input.load());
  std::vector<float> x = original;
  const random::Stream stream(seed, "first states");
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (known[i % v] == 0) x[i] = static_cast<float>(stream.word(i) >> 31U);
  }
  std::vector<float> masked(original);
  for (std::size_t i = 0; i < masked.size(); ++i) masked[i] = known[i % v] != 0 ? masked[i] : 0.5F;
  std::vector<float> means(x.size());
  rbm::gibbs(machine, steps, seed, {x.data(), count, v}, {means.data(), count, v}, known, pool);
  // Of each picture: as it was, what was given, what came out.
  std::vector<io::GrayImage> tiles;
  const std::vector<io::GrayImage> a = unit_tiles({original.data(), count, v}, pixels);
  const std::vector<io::GrayImage> b = unit_tiles({masked.data(), count, v}, pixels);
  const std::vector<io::GrayImage> c = unit_tiles({means.data(), count, v}, pixels);
  double error = 0;
  std::size_t filled = 0;
  for (std::size_t i = 0; i < original.size(); ++i) {
    if (i % v >= pixels || known[i % v] != 0) continue;
    error += (static_cast<double>(original[i]) - means[i]) * (static_cast<double>(original[i]) - means[i]);
    ++filled;
  }
  for (std::size_t i = 0; i < count; ++i) {
    tiles.push_back(a[i]);
    tiles.push_back(b[i]);
    tiles.push_back(c[i]);
  }
  constexpr std::size_t kTriples = 5;
  return finish(
      "rbm inpaint", machine, tiles, 3 * kTriples,
      fmt::format("{} test pictures, {} hidden: original, given, filled; mean square of the filled pixels' error "
                  "{:.4f}",
                  count, hide, error / static_cast<double>(std::max<std::size_t>(filled, 1))));
}

std::shared_ptr<RbmSample> common_options(Command command) {
  auto state = std::make_shared<RbmSample>();
  command.required_argument("machine", "FILE", state->file, "A file of 'fanin rbm train'");
  state->common.add_to(command);
  return state;
}

std::vector<Setting> common_settings(RbmSample& s) {
  std::vector<Setting> all = s.input.settings();
  all.push_back(text_setting("output", "FILE", "The pictures as one PNG", s.output));
  all.push_back(count_setting("count", "How many pictures", s.count));
  all.push_back(count_setting("steps", "Gibbs steps", s.steps));
  all.push_back(count_setting("shown", "How many to draw here", s.shown));
  all.push_back(seed_setting("seed", "Of the states", s.seed));
  return all;
}

}  // namespace

void add_rbm_sample(Command rbm) {
  const Command command = rbm.subcommand("sample", "Let a machine dream: Gibbs sampling, drawn and as PNG");
  auto state = common_options(command);
  std::vector<Setting> all = common_settings(*state);
  all.push_back(text_setting("start", "NAME", "First states: random, or data (test samples)", state->start));
  all.push_back(text_setting("label", "K", "Hold this class, of machines with label units", state->label));
  state->settings = std::make_unique<Settings>(std::move(all));
  state->settings->add_to(command);
  command.runs([state] { return state->sample(); });
}

void add_rbm_inpaint(Command rbm) {
  const Command command = rbm.subcommand("inpaint", "Fill in hidden parts of test pictures by Gibbs sampling");
  auto state = common_options(command);
  state->count = 20;
  state->steps = 200;
  state->shown = 9;
  std::vector<Setting> all = common_settings(*state);
  all.push_back(text_setting("hide", "SIDE", "Which half: top, bottom, left, right", state->hide));
  state->settings = std::make_unique<Settings>(std::move(all));
  state->settings->add_to(command);
  command.runs([state] { return state->inpaint(); });
}

}  // namespace fanin::cli
