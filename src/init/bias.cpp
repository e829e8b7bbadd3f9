#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "fanin/core/error.h"

#include "init/definitions.h"
#include "init/law.h"
#include "init/portable_math.h"

namespace fanin::init {
namespace {

RulePtr constant(double value) {
  return make_rule(Plain{{Law::Kind::constant, value, 0}});
}

// (word + 1/2) 2^-32 of element i: inside (0, 1).
double uniform_of(const random::Stream& stream, std::uint64_t i) {
  return (stream.word(i) + 0.5) * 0x1p-32;
}

// A bias that holds one block for each gate of a recurrent cell.
struct Gates {
  double count;
  double forget;
  double input;

  void check(std::string_view scheme, const Shape& shape) const {
    want_rank(scheme, shape, 1, 1);
    if (std::fmod(static_cast<double>(shape[0]), count) == 0) return;
    throw Error(ErrorKind::usage, "init",
                fmt::format("{}: tensor {} has {} elements, a multiple of gates={} is wanted", scheme, shape.str(),
                            shape[0], count));
  }
  [[nodiscard]] std::uint64_t units(const Shape& shape) const {
    return std::max<std::uint64_t>(1, shape[0] / static_cast<std::uint64_t>(count));
  }
  friend bool operator==(const Gates&, const Gates&) = default;
};

double checked_gate(std::string_view scheme, const Argument& gate, const Argument& gates, std::string_view name) {
  if (gate.number < gates.number) return gate.number;
  throw Error(
      ErrorKind::usage, "init",
      fmt::format("{}: {}={} given, allowed are 0 to gates - 1 = {}", scheme, name, gate.number, gates.number - 1));
}

struct ForgetGate {
  static constexpr bool kExact = true;
  double value;
  Gates gates;

  void check(const Shape& shape) const { gates.check("forget_gate", shape); }
  [[nodiscard]] Expected expected(const Shape& shape, Fans) const {
    return two_values(value, static_cast<double>(shape[0]) / gates.count, static_cast<double>(shape[0]));
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans) const {
    return [units = gates.units(shape), gate = static_cast<std::uint64_t>(gates.forget), v = static_cast<float>(value)](
               const random::Stream&, std::uint64_t first, std::span<float> out) {
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = (first + i) / units == gate ? v : 0.0f;
    };
  }
  friend bool operator==(const ForgetGate&, const ForgetGate&) = default;
};

// The number of unit u is made from word u of the stream, for both of its gates.
struct Chrono {
  double longest;
  Gates gates;

  void check(const Shape& shape) const { gates.check("chrono", shape); }
  [[nodiscard]] Expected expected(const Shape&, Fans) const {
    // E log(U)^2 over U(1, b).
    const double b = longest - 1;
    const double log_b = log_of(b);
    const double square = (b * log_b * log_b - 2 * b * log_b + 2 * b - 2) / (b - 1);
    return {0, std::sqrt(2 * square / gates.count), -log_b, log_b};
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans) const {
    return
        [*this, units = gates.units(shape)](const random::Stream& stream, std::uint64_t first, std::span<float> out) {
          for (std::size_t i = 0; i < out.size(); ++i) {
            const std::uint64_t block = (first + i) / units;
            const auto gate = static_cast<double>(block);
            out[i] = 0;
            if (gate != gates.forget && gate != gates.input) continue;
            const double bias = log_of(1 + (longest - 2) * uniform_of(stream, (first + i) % units));
            out[i] = static_cast<float>(gate == gates.forget ? bias : -bias);
          }
        };
  }
  friend bool operator==(const Chrono&, const Chrono&) = default;
};

RulePtr chrono(Arguments a) {
  const double forget = checked_gate("chrono", a[2], a[1], "forget");
  const double input = checked_gate("chrono", a[3], a[1], "input");
  if (forget == input) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("chrono: forget={} and input={} given, two different gates are wanted", forget, input));
  }
  return make_rule(Chrono{a[0].number, {a[1].number, forget, input}});
}

// softplus(b) is log-uniform in [low, high], and at least floor.
struct MambaDtBias {
  double low;
  double high;
  double floor;

  [[nodiscard]] double at(double u) const {
    const double step = log_of(low) + u * (log_of(high) - log_of(low));
    return inverse_softplus(std::max(1 + exp_minus_one(step), floor));
  }
  [[nodiscard]] Expected expected(const Shape&, Fans) const {
    constexpr int kParts = 1 << 14;
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < kParts; ++i) {
      const double x = at((i + 0.5) / kParts);
      sum += x;
      squares += x * x;
    }
    const double mean = sum / kParts;
    return {mean, std::sqrt(std::max(0.0, squares / kParts - mean * mean)), at(0), at(1)};
  }
  [[nodiscard]] Elements elements(const Shape&, Fans) const {
    return [*this](const random::Stream& stream, std::uint64_t first, std::span<float> out) {
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(at(uniform_of(stream, first + i)));
    };
  }
  friend bool operator==(const MambaDtBias&, const MambaDtBias&) = default;
};

RulePtr mamba_dt_bias(Arguments a) {
  if (a[0].number > a[1].number) {
    throw Error(
        ErrorKind::usage, "init",
        fmt::format("mamba_dt_bias: low={} is above high={}, allowed are low <= high", a[0].number, a[1].number));
  }
  return make_rule(MambaDtBias{a[0].number, a[1].number, a[2].number});
}

}  // namespace

std::vector<Definition> bias_definitions() {
  constexpr Range kGate{0, 63};
  constexpr Range kGates{1, 64};
  constexpr Range kStep{1e-30, 500};
  return {
      {"prior_bias",
       {},
       {number("p", "0.01", kInsideFraction)},
       [](Arguments a) { return constant(log_of(a[0].number / (1 - a[0].number))); },
       "b = log(p / (1 - p)): a sigmoid output says p at first",
       "Lin et al. 2017 (RetinaNet), section 4.1"},
      {"inverse_softplus",
       {},
       {number("value", "1", kStep)},
       [](Arguments a) { return constant(inverse_softplus(a[0].number)); },
       "b = log(e^value - 1): softplus(b) = value",
       "elementary"},
      {"forget_gate",
       {},
       {number("value", "1"), integer("gate", "1", kGate), integer("gates", "4", kGates)},
       [](Arguments a) {
         const double gate = checked_gate("forget_gate", a[1], a[2], "gate");
         return make_rule(ForgetGate{a[0].number, {a[2].number, gate, gate}});
       },
       "b = value for the block of one gate, 0 for the others; rank 1, gates blocks: 1 of (i, f, g, o) is the forget "
       "gate "
       "of PyTorch's and Keras' LSTM",
       "Gers et al. 2000; Jozefowicz et al. 2015"},
      {"chrono",
       {},
       {number("longest", {}, {3, kMax}), integer("gates", "4", kGates), integer("forget", "1", kGate),
        integer("input", "0", kGate)},
       chrono,
       "b_forget = log(U(1, longest - 1)), b_input = -b_forget unit by unit, 0 for other gates; rank 1; longest = the "
       "longest dependency in steps",
       "Tallec and Ollivier 2018"},
      {"mamba_dt_bias",
       {},
       {number("low", "0.001", kStep), number("high", "0.1", kStep), number("floor", "0.0001", kStep)},
       mamba_dt_bias,
       "b = log(e^dt - 1), dt = max(floor, exp(U(log low, log high))): the step size that softplus(b) makes is "
       "log-uniform",
       "Gu and Dao 2023 (Mamba)"},
  };
}

}  // namespace fanin::init
