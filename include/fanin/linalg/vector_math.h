#pragma once

#include <span>

namespace fanin::linalg {

/// Elementary functions of float32 arrays: y[i] = f(x[i]).
///
/// Each element's result depends on that element alone and has the same bits for every length, every cut of an array
/// and every SIMD target; no call into the C library. The largest error over all 2^32 arguments is noted in units in
/// the last place of the result, denormal results included. NaN gives NaN, always the positive quiet one.
/// y may be x itself, not a shifted overlap of it. Throws Error(usage) where the lengths differ.

/// e^x: 1.04 ulp.
void exp(std::span<const float> x, std::span<float> y);
/// e^x - 1: 1.53 ulp, also near 0.
void expm1(std::span<const float> x, std::span<float> y);
/// Natural logarithm: 0.92 ulp. -infinity at both zeros, NaN for negative arguments.
void log(std::span<const float> x, std::span<float> y);
/// log(1 + x): 1.43 ulp, also near 0. -infinity at -1, NaN below.
void log1p(std::span<const float> x, std::span<float> y);
/// Hyperbolic tangent: 1.34 ulp.
void tanh(std::span<const float> x, std::span<float> y);
/// 1 / (1 + e^-x): 1.50 ulp.
void sigmoid(std::span<const float> x, std::span<float> y);
/// Error function, 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x: 1.11 ulp.
void erf(std::span<const float> x, std::span<float> y);
/// log(1 + e^x): 1.71 ulp.
void softplus(std::span<const float> x, std::span<float> y);

}  // namespace fanin::linalg
