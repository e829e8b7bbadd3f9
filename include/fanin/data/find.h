#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fanin/data/dataset.h"

namespace fanin::data {

/// The names that load_named() knows: `mnist`, `fashion-mnist`, `digits`, `digits_nudged` and `bars_and_stripes(2)` to
/// `bars_and_stripes(5)`.
[[nodiscard]] std::vector<std::string> named_datasets();

/// A well-known data set.
///
/// - `mnist`: handwritten digits (LeCun and Cortes), which come with this project: 60000 training and 10000 test images
///   of 28x28 in 10 classes;
/// - `fashion-mnist`: articles of clothing (Xiao, Rasul and Vollgraf 2017), Debian package dataset-fashion-mnist: as
///   many of the same size;
/// - `digits`: handwritten digits (Alpaydin and Kaynak 1998), which come with this project: 1797 images of 8x8 in 10
///   classes, values x / 16 in float32. They come in one part and are split here: validation_split() with the stream of
///   (seed 0, `digits`) makes 20 % of them, 359, the test part and 1438 the training part, always the same;
/// - `digits_nudged`: those images and their copies moved by a pixel up, down, left and right, zeros moving in: 5 times
///   as many, first all originals, then all that moved up, and so on (scikit-learn's example of RBM features does the
///   same). Each part of `digits` is nudged by itself, after the split: were it split afterwards, moved copies of what
///   was learned would be in the test part;
/// - `bars_and_stripes(N)`, N from 2 to 5: the 2^N patterns of N bars (columns that are 0 or 1, label 0), then the 2^N
///   patterns of N stripes (rows, label 1), as N x N pixels; in pattern k, bar or stripe i is on where bit i of k is.
///   All zeros and all ones occur under both labels. Both parts are the same. The largest possible sum of
///   log-likelihoods: for N = 3, 12 log(1/16) + 4 log(2/16) = -41.589.
///
/// Where files are needed, the first folder that holds all of them, gzipped or plain, is used: $FANIN_DATA_DIR/NAME;
/// then, from the folder of the running program upwards, data/NAME and share/fanin/NAME; then the folders that were
/// fixed when the library was built (its installation, its sources); then the distribution's. `digits_nudged` reads the
/// files of `digits`. Nothing is ever downloaded.
/// Throws Error(usage) for an unknown name, with the nearest known one, and for another N; Error(io) that lists where
/// it looked and says what would help; for a file that is there but bad, what load_idx() throws and, for `digits`,
/// Error(data) that names a picture and its value above 16.
[[nodiscard]] Split load_named(std::string_view name);

}  // namespace fanin::data
