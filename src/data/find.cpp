#include "fanin/data/find.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <filesystem>
#include <utility>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/data/idx.h"

#include "data/bars_and_stripes.h"
#include "data/digits.h"
#include "data/search.h"

namespace fanin::data {
namespace {

constexpr const char* kAdvice = "set FANIN_DATA_DIR to the folder that holds the folder ";

Split load_mnist_like(std::string_view name) {
  std::vector<std::filesystem::path> folders = candidate_folders(name, places_of_this_process());
  std::string advice = fmt::format("{}{}", kAdvice, name);
  if (name == "fashion-mnist") {
    folders.emplace_back("/usr/share/datasets/fashion-mnist");
    advice = "install it with: apt-get install dataset-fashion-mnist";
  }
  const FourFiles files = find_four_files(name, folders, advice);
  constexpr std::size_t kClasses = 10;
  Dataset train = load_idx(files[0], files[1], fmt::format("{}/train", name), kClasses);
  Dataset test = load_idx(files[2], files[3], fmt::format("{}/test", name), kClasses);
  return {std::move(train), std::move(test)};
}

Split find_digits(std::string_view name) {
  constexpr std::string_view kFolder = "digits";
  constexpr std::array<const char*, 2> kFiles{"images-idx3-ubyte", "labels-idx1-ubyte"};
  const auto files = find_files(kFolder, candidate_folders(kFolder, places_of_this_process()), kFiles,
                                fmt::format("{}{}", kAdvice, kFolder));
  return load_digits(files[0], files[1], name, name != kFolder);
}

}  // namespace

std::vector<std::string> named_datasets() {
  std::vector<std::string> names{"mnist", "fashion-mnist", "digits", "digits_nudged"};
  for (std::size_t side = kLeastBars; side <= kMostBars; ++side) names.push_back(bars_and_stripes_name(side));
  return names;
}

Split load_named(std::string_view name) {
  if (name == "mnist" || name == "fashion-mnist") return load_mnist_like(name);
  if (name == "digits" || name == "digits_nudged") return find_digits(name);
  if (const auto side = bars_and_stripes_side(name)) {
    return {bars_and_stripes(*side, fmt::format("{}/train", name)),
            bars_and_stripes(*side, fmt::format("{}/test", name))};
  }
  const std::vector<std::string> known = named_datasets();
  throw Error(ErrorKind::usage, "find",
              fmt::format("no data set is named '{}', known are {}{}", name, fmt::join(known, ", "),
                          did_you_mean(name, known)));
}

}  // namespace fanin::data
