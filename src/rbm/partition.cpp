#include "fanin/rbm/partition.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>

#include "fanin/core/error.h"

#include "rbm/log_sum_exp.h"
#include "rbm/measure_kernels.h"

namespace fanin::rbm {
namespace {

constexpr std::uint64_t kBlock = 1024;  // states between two fresh starts

void require_finite(const Rbm& rbm) {
  for (const float value : rbm.values()) {
    if (!std::isfinite(value)) {
      throw Error(ErrorKind::numeric, "rbm", fmt::format("a parameter is {}, log Z needs finite ones", value));
    }
  }
}

/// The states of one layer and the sum over the other one.
class Enumeration {
 public:
  explicit Enumeration(const Rbm& rbm) : spec_(rbm.spec()) {
    if (spec_.hidden_units == UnitKind::relu || spec_.visible_units == UnitKind::relu) {
      throw Error(ErrorKind::unsupported, "rbm", "rectified linear units have no partition function in closed form");
    }
    const bool hidden = spec_.hidden_units == UnitKind::binary && rbm.hidden() <= kMaxEnumerated;
    const bool visible =
        spec_.visible_units == UnitKind::binary && spec_.labels == 0 && rbm.visible() <= kMaxEnumerated;
    if (!hidden && !visible) {
      throw Error(ErrorKind::usage, "rbm",
                  fmt::format("log Z of {} {} visible{} and {} {} hidden units: allowed are 1 to {} binary units in "
                              "one of the layers",
                              spec_.visible, str(spec_.visible_units),
                              spec_.labels > 0 ? fmt::format(", {} label", spec_.labels) : "", rbm.hidden(),
                              str(spec_.hidden_units), kMaxEnumerated));
    }
    require_finite(rbm);
    over_hidden_ = hidden && (!visible || rbm.hidden() <= rbm.visible());
    kind_ = over_hidden_ ? spec_.visible_units : spec_.hidden_units;
    units_ = over_hidden_ ? rbm.hidden() : rbm.visible();
    others_ = over_hidden_ ? spec_.visible : rbm.hidden();
    padded_ = detail::padded_to_chains(others_);
    labels_ = over_hidden_ ? spec_.labels : 0;
    width_ = padded_ + labels_;
    const std::span<const float> own = over_hidden_ ? rbm.hidden_bias() : rbm.visible_bias();
    const std::span<const float> other = over_hidden_ ? rbm.visible_bias() : rbm.hidden_bias();
    own_bias_.assign(own.begin(), own.end());
    start_.assign(width_, kind_ == UnitKind::binary ? detail::kNoSoftplus : 0.0);
    rows_.assign((units_ + 1) * width_, 0.0);  // the last row is zero
    const auto place = [&](std::size_t i) { return i < others_ ? i : padded_ + i - others_; };
    for (std::size_t i = 0; i < others_ + labels_; ++i) {
      start_[place(i)] = static_cast<double>(other[i]);
      for (std::size_t u = 0; u < units_; ++u) {
        rows_[u * width_ + place(i)] = static_cast<double>(over_hidden_ ? rbm.weight()(u, i) : rbm.weight()(i, u));
      }
    }
    constant_ = kind_ == UnitKind::gaussian && over_hidden_
                    ? static_cast<double>(others_) * std::log(2 * std::numbers::pi) / 2
                    : 0;
  }

  [[nodiscard]] bool over_hidden() const { return over_hidden_; }
  [[nodiscard]] std::size_t units() const { return units_; }
  [[nodiscard]] std::size_t others() const { return others_; }
  [[nodiscard]] std::size_t padded() const { return padded_; }
  [[nodiscard]] std::uint64_t states() const { return std::uint64_t{1} << units_; }
  [[nodiscard]] std::uint64_t blocks() const { return (states() + kBlock - 1) / kBlock; }

  /// visit(state's bits, inputs x of the other layer, log of the state's part of Z) for the states of a block.
  template <class Visit>
  void walk(std::uint64_t block, const Visit& visit) const {
    const std::uint64_t first = block * kBlock;
    const std::uint64_t last = std::min(states(), first + kBlock);
    std::uint64_t code = first;
    std::vector<double> x = start_;
    double energy = 0;
    for (std::size_t u = 0; u < units_; ++u) {
      if ((code >> u & 1U) == 0) continue;
      energy += own_bias_[u];
      for (std::size_t i = 0; i < width_; ++i) x[i] += rows_[u * width_ + i];
    }
    visit(code, x.data(), energy + sum_out(x.data(), units_, 0));
    for (std::uint64_t number = first + 1; number < last; ++number) {
      const auto flipped = static_cast<std::size_t>(std::countr_zero(number));
      code ^= std::uint64_t{1} << flipped;
      const double sign = (code >> flipped & 1U) != 0 ? 1 : -1;
      energy += sign * own_bias_[flipped];
      visit(code, x.data(), energy + sum_out(x.data(), flipped, sign));
    }
  }

  [[nodiscard]] double log_partition(ThreadPool& pool) const {
    std::vector<double> sums(blocks());
    pool.run(sums.size(), [&](std::size_t block) {
      std::vector<double> terms;
      terms.reserve(kBlock);
      walk(block, [&](std::uint64_t, const double*, double term) { terms.push_back(term); });
      sums[block] = detail::log_sum_exp(terms);
    });
    return detail::log_sum_exp(sums);
  }

 private:
  // x += sign row; the log of the sum over the other layer.
  double sum_out(double* x, std::size_t row, double sign) const {
    const double* w = rows_.data() + row * width_;
    double total = constant_ + (kind_ == UnitKind::binary ? detail::add_softplus_sum(x, w, sign, padded_)
                                                          : detail::add_half_squares(x, w, sign, padded_));
    if (labels_ == 0) return total;
    for (std::size_t i = padded_; i < width_; ++i) x[i] += sign * w[i];
    return total + detail::log_sum_exp({x + padded_, labels_});
  }

  RbmSpec spec_;
  bool over_hidden_ = true;
  UnitKind kind_ = UnitKind::binary;  // of the other layer
  std::size_t units_ = 0;
  std::size_t others_ = 0;
  std::size_t padded_ = 0;
  std::size_t labels_ = 0;
  std::size_t width_ = 0;
  std::vector<double> own_bias_;
  std::vector<double> start_;
  std::vector<double> rows_;
  double constant_ = 0;
};

}  // namespace

double log_partition(const Rbm& rbm, ThreadPool& pool) {
  return Enumeration(rbm).log_partition(pool);
}

ModelMoments model_moments(const Rbm& rbm, ThreadPool& pool) {
  const RbmSpec& spec = rbm.spec();
  if (spec.visible_units != UnitKind::binary || spec.hidden_units != UnitKind::binary || spec.labels > 0) {
    throw Error(ErrorKind::unsupported, "rbm", "exact moments are those of binary units without labels");
  }
  const Enumeration e(rbm);
  ModelMoments m;
  m.log_z = e.log_partition(pool);

  // Each part: [units + 1, padded] of E[unit other] and E[other], then E[unit]. How many there are follows from sizes.
  constexpr std::size_t kMaxParts = 64;
  constexpr std::size_t kMaxNumbers = std::size_t{1} << 26U;
  const std::size_t padded = e.padded();
  const std::size_t units = e.units();
  const std::size_t numbers = (units + 1) * padded + units;
  const std::size_t parts = std::min({e.blocks(), kMaxParts, std::max(std::size_t{1}, kMaxNumbers / numbers)});
  std::vector<std::vector<double>> sums(parts);
  pool.run(parts, [&](std::size_t part) {
    std::vector<double>& s = sums[part];
    s.assign(numbers, 0.0);
    std::vector<double> mean(padded);
    for (std::uint64_t block = part * e.blocks() / parts; block < (part + 1) * e.blocks() / parts; ++block) {
      e.walk(block, [&](std::uint64_t code, const double* x, double term) {
        const double p = std::exp(term - m.log_z);
        detail::sigmoid(x, mean.data(), padded);
        detail::add_scaled(s.data() + units * padded, mean.data(), p, padded);
        for (std::uint64_t rest = code; rest != 0; rest &= rest - 1) {
          const auto u = static_cast<std::size_t>(std::countr_zero(rest));
          detail::add_scaled(s.data() + u * padded, mean.data(), p, padded);
          s[(units + 1) * padded + u] += p;
        }
      });
    }
  });
  for (std::size_t part = 1; part < parts; ++part) {
    for (std::size_t i = 0; i < numbers; ++i) sums[0][i] += sums[part][i];
  }

  const std::vector<double>& s = sums[0];
  std::vector<double>& own = e.over_hidden() ? m.h : m.v;
  std::vector<double>& other = e.over_hidden() ? m.v : m.h;
  own.assign(s.end() - static_cast<std::ptrdiff_t>(units), s.end());
  other.assign(s.data() + units * padded, s.data() + units * padded + e.others());
  m.vh.resize(rbm.hidden() * rbm.visible());
  for (std::size_t u = 0; u < units; ++u) {
    for (std::size_t i = 0; i < e.others(); ++i) {
      m.vh[e.over_hidden() ? u * rbm.visible() + i : i * rbm.visible() + u] = s[u * padded + i];
    }
  }
  return m;
}

}  // namespace fanin::rbm
