#include "cli/rbm_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "fanin/core/error.h"
#include "fanin/data/find.h"

namespace fanin::cli {

RbmFile open_machine(const std::string& path) {
  return {path, io::load_machines(path)};
}

const rbm::Rbm& RbmFile::machine() const {
  if (loaded.machines.size() != 1) {
    throw Error(ErrorKind::usage, "cli",
                fmt::format("{} holds a stack of {} machines, this command takes one; 'fanin dbn' takes stacks", path,
                            loaded.machines.size()));
  }
  return loaded.machines.front();
}

void RbmFile::adopt(RbmInput& input, const Settings& settings) const {
  cli::adopt(path, loaded.metadata, input, settings);
}

void adopt(const std::string& path, const std::map<std::string, std::string>& metadata, RbmInput& input,
           const Settings& settings) {
  const auto value = [&](const char* key) -> const std::string* {
    const auto at = metadata.find(key);
    return at == metadata.end() ? nullptr : &at->second;
  };
  const bool files = settings.given("images") || settings.given("labels") || settings.given("csv");
  if (const std::string* name = value("fanin.data"); name != nullptr && !settings.given("data") && !files) {
    // Files that it was trained on have names of their own, which mean nothing here.
    const std::vector<std::string> known = data::named_datasets();
    if (std::find(known.begin(), known.end(), *name) != known.end()) input.source.data = *name;
  }
  if (const std::string* how = value("fanin.binarize"); how != nullptr && !settings.given("binarize")) {
    const bool flip = input.binarization.flip;
    try {
      input.binarization = data::Binarization::parse(*how);
    } catch (const Error&) {
      throw Error(ErrorKind::data, "rbm", fmt::format("{}: the metadata say binarize '{}'", path, *how));
    }
    input.binarization.flip = flip;
  }
  if (const std::string* flip = value("fanin.flip"); flip != nullptr && !settings.given("flip")) {
    input.binarization.flip = *flip == "true";
  }
  if (const std::string* s = value("fanin.standardized"); s != nullptr && !settings.given("standardize")) {
    input.standardize = *s == "true";
  }
}

const data::Dataset& chosen_part(const LoadedData& data, const std::string& part) {
  if (part != "test" && part != "train") {
    throw Error(ErrorKind::usage, "cli", fmt::format("--part: '{}' given, allowed are test and train", part));
  }
  return part == "test" && data.test ? *data.test : data.train;
}

}  // namespace fanin::cli
