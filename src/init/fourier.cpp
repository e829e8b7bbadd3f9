#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "fanin/core/error.h"

#include "init/definitions.h"
#include "init/portable_math.h"

namespace fanin::init {
namespace {

// e^(-2 pi i k t / n), its real or its imaginary part.
double wave(bool imaginary, std::uint64_t k, std::uint64_t t, std::uint64_t n) {
  const std::uint64_t turns = k % n * (t % n) % n;
  return imaginary ? 0 - sin_of_turns(turns, n) : cos_of_turns(turns, n);
}

void want_matrix(std::string_view scheme, const Shape& shape) {
  want_rank(scheme, shape, 2, 2);
  if (shape[0] <= shape[1] || shape.elements() == 0) return;
  throw Error(ErrorKind::usage, "init",
              fmt::format("{}: tensor {} has {} frequencies, at most as many as its {} samples are allowed", scheme,
                          shape.str(), shape[0], shape[1]));
}

struct Dft {
  static constexpr bool kExact = true;
  bool imaginary;
  double gain;

  void check(const Shape& shape) const { want_matrix("dft", shape); }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const {
    return measured(elements(shape, fans), shape.elements());
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans) const {
    const std::uint64_t n = shape[1];
    return [n, imag = imaginary, scale = gain / std::sqrt(static_cast<double>(n))](
               const random::Stream&, std::uint64_t first, std::span<float> out) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = static_cast<float>(scale * wave(imag, (first + i) / n, (first + i) % n, n));
      }
    };
  }
  friend bool operator==(const Dft&, const Dft&) = default;
};

// The second kind, with rows of length 1.
struct Dct {
  static constexpr bool kExact = true;
  double gain;

  void check(const Shape& shape) const { want_matrix("dct", shape); }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const {
    return measured(elements(shape, fans), shape.elements());
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans) const {
    const std::uint64_t n = shape[1];
    return [n, g = gain](const random::Stream&, std::uint64_t first, std::span<float> out) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        const std::uint64_t k = (first + i) / n;
        const std::uint64_t t = (first + i) % n;
        const double scale = std::sqrt((k == 0 ? 1.0 : 2.0) / static_cast<double>(n));
        out[i] = static_cast<float>(g * scale * cos_of_turns((2 * t + 1) * k % (4 * n), 4 * n));
      }
    };
  }
  friend bool operator==(const Dct&, const Dct&) = default;
};

enum class Window { none, hann, hamming, blackman };
enum class Scaling { none, density, spectrum };

struct Stft {
  static constexpr bool kExact = true;
  bool imaginary;
  Window window;
  Scaling scaling;
  bool periodic;

  void check(const Shape& shape) const {
    want_rank("stft", shape, 3, 3);
    if ((shape[1] == 1 && shape[0] >= 2) || shape.elements() == 0) return;
    throw Error(ErrorKind::usage, "init",
                fmt::format("stft: tensor {} given, [frequencies, 1, samples] with at least 2 frequencies is wanted",
                            shape.str()));
  }
  [[nodiscard]] double window_at(std::uint64_t t, std::uint64_t samples) const {
    const std::uint64_t turn = periodic ? samples : samples - 1;
    if (window == Window::none || turn == 0) return 1;
    const double once = cos_of_turns(t, turn);
    if (window == Window::hann) return 0.5 - 0.5 * once;
    if (window == Window::hamming) return 0.54 - 0.46 * once;
    return 0.42 - 0.5 * once + 0.08 * cos_of_turns(2 * t, turn);
  }
  [[nodiscard]] std::vector<double> scaled_window(std::uint64_t samples) const {
    std::vector<double> values(samples);
    double sum = 0;
    double squares = 0;
    for (std::uint64_t t = 0; t < samples; ++t) {
      values[t] = window_at(t, samples);
      sum += std::abs(values[t]);
      squares += values[t] * values[t];
    }
    const double scale = scaling == Scaling::density ? std::sqrt(squares) : scaling == Scaling::spectrum ? sum : 1;
    // Only a symmetric window of two samples, both 0, has no size to divide by.
    if (scale > 0) {
      for (double& v : values) v /= scale;
    }
    return values;
  }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const {
    return measured(elements(shape, fans), shape.elements());
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans) const {
    const std::uint64_t samples = shape[2];
    const std::uint64_t length = shape[0] < 2 ? 1 : 2 * (std::uint64_t{shape[0]} - 1);
    return [=, imag = imaginary, values = scaled_window(samples)](const random::Stream&, std::uint64_t first,
                                                                  std::span<float> out) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        const std::uint64_t t = (first + i) % samples;
        out[i] = static_cast<float>(values[t] * wave(imag, (first + i) / samples, t, length));
      }
    };
  }
  friend bool operator==(const Stft&, const Stft&) = default;
};

}  // namespace

std::vector<Definition> fourier_definitions() {
  const Parameter part = choice("part", "real", {"real", "imaginary"});
  return {
      {"dft",
       {},
       {part, number("gain", "1")},
       [](Arguments a) {
         return make_rule(Dft{a[0].choice == 1, a[1].number});
       },
       "W[k, t] = gain cos(2 pi k t / n) / sqrt(n), -sin for part=imaginary; [frequencies, n], unitary together",
       "the discrete Fourier transform"},
      {"dct",
       {},
       {number("gain", "1")},
       [](Arguments a) { return make_rule(Dct{a[0].number}); },
       "W[k, t] = gain sqrt(2 / n) cos(pi k (2 t + 1) / (2 n)), row 0 by sqrt(2) smaller; [frequencies, n], orthogonal",
       "Ahmed et al. 1974"},
      {"stft",
       {},
       {part, choice("window", "hann", {"none", "hann", "hamming", "blackman"}),
        choice("scaling", "density", {"none", "density", "spectrum"}), choice("periodic", "no", {"no", "yes"})},
       [](Arguments a) {
         return make_rule(Stft{a[0].choice == 1, static_cast<Window>(a[1].choice), static_cast<Scaling>(a[2].choice),
                               a[3].choice == 1});
       },
       "W[f, 0, t] = w(t) cos(2 pi f t / F), -sin for part=imaginary, F = 2 (frequencies - 1); the window w over "
       "sqrt(sum w^2) (density) or sum |w| (spectrum); [frequencies, 1, samples]",
       "Keras STFTInitializer, with the axes in the order of a convolution's weight"},
  };
}

}  // namespace fanin::init
