#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "fanin/core/matrix_view.h"
#include "fanin/data/dataset.h"
#include "fanin/random/stream.h"

namespace fanin::data {

/// How gray values become the zeros and ones that a binary model learns from.
///
/// Log-likelihoods of binary images depend on this choice, so they can only be compared within one: `sample` is the
/// fixed binarization of Larochelle and Murray 2011 (made here from its rule, these are not their files), `resample`
/// the dynamic one of Salakhutdinov and Murray 2008, a threshold of 0.5 the one of many RBM programs.
struct Binarization {
  enum class Kind {
    none,       ///< values stay what they are
    threshold,  ///< 1 where v > level, compared exactly, else 0
    sample,     ///< 1 with probability v, drawn once: the same in all epochs
    resample,   ///< 1 with probability v, drawn anew in each epoch
  };

  Kind kind = Kind::none;
  double level = 0.5;  ///< of threshold, in (0, 1)
  bool flip = false;   ///< 1 - v after all that (also after `none`): ink and paper change places

  /// `none`, `sample`, `resample` or a number in (0, 1), the level of a threshold. `flip` is a setting of its own and
  /// is not part of the text. Throws Error(usage, "binarization") for anything else and suggests the nearest name.
  [[nodiscard]] static Binarization parse(std::string_view text);
  /// What parse() reads, with the fewest digits that give the level back: `0.5`.
  [[nodiscard]] std::string str() const;
  /// Throws Error(usage, "binarization") for a threshold whose level is outside (0, 1).
  void validate() const;

  friend bool operator==(const Binarization&, const Binarization&) = default;
};

/// Row r of `out` becomes sample indices[r] of `data`, bytes as x / 255, binarized.
///
/// Feature j of sample i is drawn from word i * features + j of stream.fold_in(epoch), for `sample` of
/// stream.fold_in(0): 1 where the upper 24 bits of the word, times 2^-24, are below v. So the bits are a pure function
/// of (stream, epoch, i, j), whatever the order, the batches and the threads, 0 and 1 stay what they are, and `sample`
/// is what `resample` gives in epoch 0. Values below 0 count as 0 and those above 1 as 1; see first_outside_unit().
///
/// Runs in the calling thread and allocates nothing; `none` without flip is Dataset::gather() and no more. Throws what
/// Dataset::gather() throws and Error(usage) for an invalid binarization, with nothing written.
void gather(const Dataset& data, const Binarization& binarization, const random::Stream& stream, std::uint64_t epoch,
            std::span<const std::uint32_t> indices, MatrixView<float> out);

}  // namespace fanin::data
