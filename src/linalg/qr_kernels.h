#pragma once

#include <cstddef>

namespace fanin::linalg::qr {

/// The matrix is cut into strips of kStrip columns, each stored row by row without gaps: a strip is a panel of the
/// factorization and a unit of its update, and lies in memory as both want it.
inline constexpr std::size_t kStrip = 32;

/// I - V T V^T: V is rows x kStrip with its unit diagonal written out, T upper triangular.
struct Reflector {
  const double* v;
  const double* t;
  std::size_t rows;
};

/// Reduces the first `width` columns of a panel to triangular form. Leaves V in `panel`, T in `t`, R's diagonal in
/// `diagonal`.
void factor_panel(double* panel, std::size_t rows, std::size_t width, double* t, double* diagonal);

/// The reflectors of the panel's columns as they are, without reflecting one column by another: column j below row
/// j - 1 gives reflector j. Leaves V, T and `diagonal` as factor_panel does.
void reflectors_of_panel(double* panel, std::size_t rows, std::size_t width, double* t, double* diagonal);

/// C := (I - V T V^T) C for a strip C, or (I - V T^T V^T) C if `transposed`.
void apply(const Reflector& h, bool transposed, double* c);

}  // namespace fanin::linalg::qr
