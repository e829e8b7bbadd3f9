#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fanin/random/stream.h"

namespace fanin::data {

struct BatchOptions {
  std::size_t batch_size = 100;
  bool drop_last = false;  ///< leave out a last batch that is shorter than the others
  bool shuffle = true;     ///< a new order for each epoch; otherwise always the given one

  /// Throws Error(usage) unless 1 <= samples <= 2^32 - 1, batch_size >= 1 and, with drop_last, batch_size <= samples.
  void validate(std::size_t samples) const;
};

/// In which order an epoch visits the samples, cut into batches.
///
/// The order of epoch e is the permutation random::permutation(stream.fold_in(e)) of the samples: a pure function of
/// (stream, e, samples), so a resumed run needs no saved state and epoch 7 is the same with or without epochs 0 to 6.
/// After construction it stands at epoch 0. Allocates only when it is made.
class BatchOrder {
 public:
  /// Over samples 0 .. samples - 1. Throws Error(usage) as BatchOptions::validate() does.
  BatchOrder(std::size_t samples, const BatchOptions& options, const random::Stream& stream);
  /// Over the samples that `subset` lists (copied), each as often as it is listed.
  BatchOrder(std::span<const std::uint32_t> subset, const BatchOptions& options, const random::Stream& stream);

  void begin_epoch(std::uint64_t epoch);

  /// How many samples an epoch visits, those that drop_last leaves out not counted.
  [[nodiscard]] std::size_t samples() const noexcept;
  [[nodiscard]] std::size_t batches() const noexcept { return batches_; }
  /// The sample numbers of batch i of the current epoch, valid until the next begin_epoch().
  /// Throws Error(usage) for i >= batches().
  [[nodiscard]] std::span<const std::uint32_t> batch(std::size_t i) const;

 private:
  BatchOptions options_;
  random::Stream stream_;
  std::vector<std::uint32_t> subset_;  // empty: all samples
  std::vector<std::uint32_t> order_;
  std::size_t batches_;
};

/// Sample numbers in two disjoint parts, each ascending.
struct IndexSplit {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> validation;
};

/// Sets round(samples * fraction) random samples aside, at most samples - 1: the first ones of
/// random::permutation(stream). A pure function of its arguments; a larger fraction keeps what a smaller one chose.
/// Fraction 0 sets none aside. Throws Error(usage) unless 1 <= samples <= 2^32 - 1 and 0 <= fraction < 1, and for a
/// positive fraction so small that no sample would be chosen.
[[nodiscard]] IndexSplit validation_split(std::size_t samples, double fraction, const random::Stream& stream);

/// `n` of the samples with these labels, ascending, as many of each class as of every other: of class c the first ones
/// in the order of random::permutation(stream.fold_in(c)). Where n is no multiple of the classes the lower ones have
/// one more; a class with too few samples leaves the rest to the others in the same way. A pure function of its
/// arguments; a larger n keeps what a smaller one chose. Throws Error(usage) unless 1 <= n <=
/// labels.size() <= 2^32 - 1 and classes >= 1, Error(data) for a label outside [0, classes).
[[nodiscard]] std::vector<std::uint32_t> balanced_subset(std::span<const std::int32_t> labels, std::size_t classes,
                                                         std::size_t n, const random::Stream& stream);

}  // namespace fanin::data
