#pragma once

#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fanin::data {

/// What a search for data depends on, so that tests can choose it.
struct SearchPlaces {
  std::filesystem::path data_dir;               ///< $FANIN_DATA_DIR, empty for none
  std::filesystem::path executable;             ///< the running program, empty if unknown
  std::vector<std::filesystem::path> built_in;  ///< folders that hold a folder for each data set
};

[[nodiscard]] SearchPlaces places_of_this_process();

/// The folders that may hold the data set, first choice first, each once.
[[nodiscard]] std::vector<std::filesystem::path> candidate_folders(std::string_view name, const SearchPlaces& places);

/// The files of these names, each `.gz` or plain, of the first folder that holds all of them, in this order.
/// Throws Error(io, "find") that lists the folders, with what an incomplete one lacks, and ends with `advice`.
[[nodiscard]] std::vector<std::string> find_files(std::string_view dataset,
                                                  const std::vector<std::filesystem::path>& folders,
                                                  std::span<const char* const> names, std::string_view advice);

/// Paths in the order training images, training labels, test images, test labels.
using FourFiles = std::array<std::string, 4>;

/// find_files() for the names of MNIST's files.
[[nodiscard]] FourFiles find_four_files(std::string_view name, const std::vector<std::filesystem::path>& folders,
                                        std::string_view advice);

}  // namespace fanin::data
