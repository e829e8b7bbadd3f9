#include "data/search.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "fanin/core/error.h"

namespace fanin::data {
namespace fs = std::filesystem;
namespace {

constexpr std::array<const char*, 4> kNames{"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                            "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

std::optional<fs::path> packed_or_plain(const fs::path& plain) {
  fs::path packed = plain;
  packed += ".gz";
  std::error_code ignored;
  if (fs::is_regular_file(packed, ignored)) return packed;
  if (fs::is_regular_file(plain, ignored)) return plain;
  return std::nullopt;
}

}  // namespace

SearchPlaces places_of_this_process() {
  SearchPlaces places;
  if (const char* dir = std::getenv("FANIN_DATA_DIR")) places.data_dir = dir;
  std::error_code ignored;
  places.executable = fs::read_symlink("/proc/self/exe", ignored);
  places.built_in = {FANIN_INSTALL_DATADIR, FANIN_SOURCE_DATADIR};
  return places;
}

std::vector<fs::path> candidate_folders(std::string_view name, const SearchPlaces& places) {
  std::vector<fs::path> folders;
  const auto add = [&](const fs::path& folder) {
    if (std::find(folders.begin(), folders.end(), folder) == folders.end()) folders.push_back(folder);
  };
  if (!places.data_dir.empty()) add(places.data_dir / name);
  fs::path dir = places.executable.parent_path();
  while (!dir.empty()) {
    add(dir / "data" / name);
    add(dir / "share" / "fanin" / name);
    if (dir == dir.parent_path()) break;
    dir = dir.parent_path();
  }
  for (const fs::path& folder : places.built_in) add(folder / name);
  return folders;
}

std::vector<std::string> find_files(std::string_view dataset, const std::vector<fs::path>& folders,
                                    std::span<const char* const> names, std::string_view advice) {
  std::vector<std::string> looked_in;
  for (const fs::path& folder : folders) {
    std::vector<std::string> files;
    std::vector<const char*> missing;
    for (const char* name : names) {
      if (const auto path = packed_or_plain(folder / name)) {
        files.push_back(path->string());
      } else {
        missing.push_back(name);
      }
    }
    if (missing.empty()) return files;
    looked_in.push_back(folder.string());
    if (missing.size() < names.size()) looked_in.back() += fmt::format(" (lacks {})", fmt::join(missing, ", "));
  }
  throw Error(ErrorKind::io, "find",
              fmt::format("no files of the data set '{}' in {}; {}", dataset, fmt::join(looked_in, ", "), advice));
}

FourFiles find_four_files(std::string_view name, const std::vector<fs::path>& folders, std::string_view advice) {
  FourFiles files;
  std::ranges::move(find_files(name, folders, kNames, advice), files.begin());
  return files;
}

}  // namespace fanin::data
