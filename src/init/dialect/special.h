#pragma once

#include <cstdint>

#include "init/rule.h"

/// Rules that only a framework's defect asks for: fanin has no scheme of that law.
namespace fanin::init {

/// PyTorch's trunc_normal_ up to 2.11: u ~ U[2 P(low) - 1, 2 P(high) - 1) in float32, x = std sqrt(2) erfinv(u) + mean,
/// clamped to [low, high]. u has steps of 2^-24 of its range; where an end rounds to -1 or 1, u may be that, with a
/// probability of 2^-24 or so, and becomes the bound itself, however many standard deviations away. u of element i is
/// fma(x, width, low end), x the 24 bits of fill_uniform(stream, 0, 1).
[[nodiscard]] RulePtr saturating_normal(double mean, double std, double low, double high);

/// Keras' truncated normal of its PyTorch backend, for an `inside` whose law is a normal cut at 2 sigma: the first of
/// four normals within 2 sigma, or the first of all where none is, P = 0.0455^4. Normal k of element i is element i of
/// child k of the stream.
[[nodiscard]] RulePtr first_of_four(RulePtr inside);

/// Caffe's gaussian filler with sparse=count: a normal (child 0 of the stream) that stays with the probability count /
/// outputs (uniforms of child 1), otherwise 0. Rank 1 or more; outputs = the first extent, at least count.
[[nodiscard]] RulePtr sparse_by_chance(double mean, double std, double count);

/// mlpack's Nguyen-Widrow and orthogonal rules, to which a layer is one column of all its parameters: u ~ U(low, high)
/// for each of them, and W = length u / |u|. Those of the tensor come first in the stream, then as many more as the
/// layer (`parameters`, or 0 for all of the layer of the weight or bias) has.
[[nodiscard]] RulePtr one_column(double length, double low, double high, std::uint64_t parameters);

/// MXNet's Orthogonal of uniform numbers: scale times the singular vectors of A ~ U(-1, 1) of the shape [rows, cols]
/// (the left ones if rows >= cols, else the right ones), by falling singular value: orthogonal, but not Haar
/// distributed. Their signs are left as one-sided Jacobi rotations (Hestenes 1958) of A make them, either as likely as
/// the other. Takes O(rows cols min(rows, cols)) steps a sweep, some ten sweeps.
[[nodiscard]] RulePtr singular_vectors(double scale);

/// MXNet's Bilinear: the formula of a bilinear kernel of odd or even width f, with a row i / width that is a fraction
/// (true division of Python 3). Rank 4, no random numbers.
[[nodiscard]] RulePtr fractional_bilinear();

}  // namespace fanin::init
