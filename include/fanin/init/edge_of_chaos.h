#pragma once

#include "fanin/init/activation.h"

namespace fanin::init {

/// Where wide networks of an activation neither forget their input nor blow up small differences: with
/// W ~ N(0, weight_variance / fan_in) and b ~ N(0, bias_variance), q is a fixed point of the pre-activations' variance
/// and the mean squared singular value of a layer's Jacobian is 1 (Poole et al. 2016; Schoenholz et al. 2017).
struct CriticalPoint {
  double q;                ///< the variance of the pre-activations
  double weight_variance;  ///< sigma_w^2 = 1 / E f'(sqrt(q) z)^2
  double bias_variance;    ///< sigma_b^2 = q - sigma_w^2 E f(sqrt(q) z)^2
};

/// The critical point of `f` whose pre-activations have variance q, by quadrature: error about 1e-13 of q.
/// Throws Error(usage) unless q is finite and above 0 and f has value and slope, and Error(numeric) where none exists:
/// f is flat there, or sigma_b^2 would be negative.
[[nodiscard]] CriticalPoint critical_point(const ActivationFunction& f, double q);

/// The critical point with the smallest q in [1e-6, 1e6] whose bias variance is the one given, to the accuracy of
/// critical_point(): q to about 1e-10 where sigma_b^2 > 1e-3.
/// Throws Error(usage) unless it is finite and above 0, and Error(numeric) if the critical line does not reach it:
/// that of relu is the one point sigma_w^2 = 2, sigma_b^2 = 0 (any q).
[[nodiscard]] CriticalPoint critical_point_of_bias(const ActivationFunction& f, double bias_variance);

/// The same for a weight variance: that of tanh grows from 1 at q = 0.
[[nodiscard]] CriticalPoint critical_point_of_weight(const ActivationFunction& f, double weight_variance);

}  // namespace fanin::init
