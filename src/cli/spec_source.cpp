#include "cli/spec_source.h"

#include "fanin/io/spec_file.h"

namespace fanin::cli {

SpecSource load_spec(const std::string& path, const std::vector<std::string>& overrides) {
  std::vector<init::Override> parsed;
  for (const std::string& text : overrides) parsed.push_back(init::Override::parse(text));
  if (path.ends_with(".toml") || (path.ends_with(".json") && !io::ModelFiles::names_an_index(path))) {
    return {init::infer_spec(io::read_spec_file(path), parsed), std::nullopt};
  }
  io::ModelFiles files = io::ModelFiles::open(path);
  init::ModelSpec spec = init::infer_spec(io::named_tensors(files.tensors()), parsed);
  return {std::move(spec), std::move(files)};
}

}  // namespace fanin::cli
