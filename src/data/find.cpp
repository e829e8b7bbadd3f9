#include "fanin/data/find.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <utility>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/data/idx.h"

#include "data/search.h"

namespace fanin::data {

std::vector<std::string> named_datasets() {
  return {"mnist", "fashion-mnist"};
}

Split load_named(std::string_view name) {
  std::vector<std::filesystem::path> folders = candidate_folders(name, places_of_this_process());
  std::string_view advice;
  if (name == "mnist") {
    advice = "set FANIN_DATA_DIR to the folder that holds the folder mnist";
  } else if (name == "fashion-mnist") {
    folders.emplace_back("/usr/share/datasets/fashion-mnist");
    advice = "install it with: apt-get install dataset-fashion-mnist";
  } else {
    const std::vector<std::string> known = named_datasets();
    throw Error(ErrorKind::usage, "find",
                fmt::format("no data set is named '{}', known are {}{}", name, fmt::join(known, " and "),
                            did_you_mean(name, known)));
  }
  const FourFiles files = find_four_files(name, folders, advice);
  constexpr std::size_t kClasses = 10;
  Dataset train = load_idx(files[0], files[1], fmt::format("{}/train", name), kClasses);
  Dataset test = load_idx(files[2], files[3], fmt::format("{}/test", name), kClasses);
  return {std::move(train), std::move(test)};
}

}  // namespace fanin::data
