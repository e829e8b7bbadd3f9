#pragma once

#include <string>
#include <string_view>

namespace fanin::rbm {

/// What a unit with total input x (bias plus weighted sum of the other layer) is.
///
/// | kind     | mean m(x)       | a sample                          | source                                         |
/// |----------|-----------------|-----------------------------------|------------------------------------------------|
/// | binary   | 1 / (1 + e^-x)  | 1 with probability m(x), else 0   | Smolensky 1986                                 |
/// | gaussian | x               | x + N(0, 1)                       | Hinton & Salakhutdinov 2006; unit variance     |
/// | relu     | max(0, x)       | max(0, x + N(0, 1 / (1 + e^-x)))  | Nair & Hinton 2010, the noisy rectified linear |
///
/// N(m, s) has variance s. Gaussian units suppose data of zero mean and unit variance.
enum class UnitKind { binary, gaussian, relu };

/// `binary`, `gaussian`, `relu`. Throws Error(usage) for another name and suggests the nearest.
[[nodiscard]] UnitKind parse_units(std::string_view text);
[[nodiscard]] std::string str(UnitKind kind);

}  // namespace fanin::rbm
