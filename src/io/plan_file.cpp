#include "fanin/io/plan_file.h"

#include <fmt/format.h>

#include "fanin/core/version.h"
#include "fanin/init/produce.h"
#include "fanin/io/atomic_file.h"

#include "io/plan_tensors.h"
#include "io/sha256.h"

namespace fanin::io {
namespace {

using Piece = std::span<const std::byte>;

void make(const init::Plan& plan, const PlanTensor& t, std::uint64_t seed, ThreadPool& pool,
          FunctionRef<void(Piece)> sink) {
  if (t.entry->rule) {
    init::produce(plan, *t.entry, seed, t.elements, pool, sink);
  } else {
    sink(t.copied);
  }
}

}  // namespace

Certificate write_plan(const std::filesystem::path& path, const init::Plan& plan, const PlanFileOptions& options,
                       ThreadPool& pool) {
  const std::vector<PlanTensor> tensors = plan_tensors(plan, options.shard, options.loaded);
  Certificate certificate{
      .version = std::string(version()), .seed = options.seed, .shard = options.shard, .plan = plan};
  std::uint64_t total = 0;
  for (const PlanTensor& t : tensors) {
    total += bytes_of(t);
    // As long as the digest that takes its place.
    certificate.sha256[t.entry->parameter.name] = std::string(64, '0');
  }
  std::uint64_t done = 0;
  Sha256 hash;
  std::vector<TensorSource> sources;
  for (const PlanTensor& t : tensors) {
    TensorSource source{.name = t.entry->parameter.name, .dtype = t.dtype, .shape = t.shape};
    source.generate = [&, t](TensorSource::Sink sink) {
      make(plan, t, options.seed, pool, [&](Piece piece) {
        hash.update(piece);
        sink(piece);
        done += piece.size();
        if (options.progress) options.progress(done, total);
      });
      certificate.sha256[t.entry->parameter.name] = hash.hex();
    };
    sources.push_back(std::move(source));
  }
  const std::string key(kCertificateKey);
  std::map<std::string, std::string> metadata = options.metadata;
  metadata["format"] = "pt";  // readers of the format look for the framework whose names these are
  metadata["fanin.version"] = std::string(version());
  metadata["fanin.seed"] = fmt::format("{}", options.seed);
  if (!options.shard.is_whole()) metadata["fanin.shard"] = options.shard.str();
  if (is_written_straight(path)) {
    for (const PlanTensor& t : tensors) {
      make(plan, t, options.seed, pool, [&](Piece piece) { hash.update(piece); });
      certificate.sha256[t.entry->parameter.name] = hash.hex();
    }
    metadata[key] = certificate.json(false);
    write_safetensors(path, sources, metadata);
  } else {
    metadata[key] = certificate.json(false);
    write_safetensors(path, sources, metadata,
                      [&](std::map<std::string, std::string>& finished) { finished[key] = certificate.json(false); });
  }
  return certificate;
}

}  // namespace fanin::io
