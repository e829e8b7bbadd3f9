#include "fanin/data/batches.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "fanin/core/error.h"
#include "fanin/random/permutation.h"

namespace fanin::data {
namespace {

[[noreturn]] void fail(const std::string& sentence) {
  throw Error(ErrorKind::usage, "batches", sentence);
}

void validate_samples(std::size_t samples) {
  if (samples == 0 || samples > std::numeric_limits<std::uint32_t>::max()) {
    fail(fmt::format("{} samples given, allowed are 1 to 2^32-1", samples));
  }
}

std::size_t validated_batches(std::size_t samples, const BatchOptions& options) {
  options.validate(samples);
  return samples / options.batch_size + (!options.drop_last && samples % options.batch_size != 0 ? 1 : 0);
}

}  // namespace

void BatchOptions::validate(std::size_t samples) const {
  validate_samples(samples);
  if (batch_size == 0) fail("batch size 0 given, at least 1 is needed");
  if (drop_last && batch_size > samples) {
    fail(fmt::format("batch size {} with drop_last leaves no batch of {} samples", batch_size, samples));
  }
}

BatchOrder::BatchOrder(std::size_t samples, const BatchOptions& options, const random::Stream& stream)
    : options_(options), stream_(stream), batches_(validated_batches(samples, options)) {
  order_.resize(samples);
  begin_epoch(0);
}

BatchOrder::BatchOrder(std::span<const std::uint32_t> subset, const BatchOptions& options, const random::Stream& stream)
    : options_(options),
      stream_(stream),
      subset_(subset.begin(), subset.end()),
      order_(subset.size()),
      batches_(validated_batches(subset.size(), options)) {
  begin_epoch(0);
}

void BatchOrder::begin_epoch(std::uint64_t epoch) {
  if (options_.shuffle) {
    random::permutation(stream_.fold_in(epoch), order_);
  } else {
    std::iota(order_.begin(), order_.end(), 0U);
  }
  if (subset_.empty()) return;
  for (std::uint32_t& i : order_) i = subset_[i];
}

std::size_t BatchOrder::samples() const noexcept {
  return options_.drop_last ? batches_ * options_.batch_size : order_.size();
}

std::span<const std::uint32_t> BatchOrder::batch(std::size_t i) const {
  if (i >= batches_) fail(fmt::format("batch {} asked for, there are 0 to {}", i, batches_ - 1));
  const std::size_t first = i * options_.batch_size;
  return std::span(order_).subspan(first, std::min(options_.batch_size, order_.size() - first));
}

IndexSplit validation_split(std::size_t samples, double fraction, const random::Stream& stream) {
  validate_samples(samples);
  // Written so that a NaN fails too.
  if (!(fraction >= 0 && fraction < 1)) fail(fmt::format("validation fraction {} given, allowed is [0, 1)", fraction));
  const auto chosen =
      std::min(static_cast<std::size_t>(std::llround(static_cast<double>(samples) * fraction)), samples - 1);
  if (chosen == 0 && fraction > 0) {
    fail(fmt::format("validation fraction {} of {} samples chooses none", fraction, samples));
  }
  std::vector<std::uint32_t> order(samples);
  random::permutation(stream, order);
  IndexSplit split;
  split.validation.assign(order.begin(), order.begin() + chosen);
  split.train.assign(order.begin() + chosen, order.end());
  std::sort(split.validation.begin(), split.validation.end());
  std::sort(split.train.begin(), split.train.end());
  return split;
}

std::vector<std::uint32_t> balanced_subset(std::span<const std::int32_t> labels, std::size_t classes, std::size_t n,
                                           const random::Stream& stream) {
  validate_samples(labels.size());
  if (classes == 0) fail("0 classes given, at least 1 is needed");
  if (n == 0 || n > labels.size()) {
    fail(fmt::format("a subset of {} of {} samples asked for, allowed are 1 to {}", n, labels.size(), labels.size()));
  }
  std::vector<std::vector<std::uint32_t>> of_class(classes);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= classes) {
      throw Error(ErrorKind::data, "batches",
                  fmt::format("the label of sample {} is {}, allowed is 0 to {}", i, labels[i], classes - 1));
    }
    of_class[static_cast<std::size_t>(labels[i])].push_back(static_cast<std::uint32_t>(i));
  }
  std::vector<std::size_t> taken(classes);
  for (std::size_t left = n; left > 0;) {
    for (std::size_t c = 0; c < classes && left > 0; ++c) {
      if (taken[c] == of_class[c].size()) continue;
      ++taken[c];
      --left;
    }
  }
  std::vector<std::uint32_t> chosen;
  chosen.reserve(n);
  for (std::size_t c = 0; c < classes; ++c) {
    std::vector<std::uint32_t> order(of_class[c].size());
    random::permutation(stream.fold_in(c), order);
    for (std::size_t i = 0; i < taken[c]; ++i) chosen.push_back(of_class[c][order[i]]);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace fanin::data
