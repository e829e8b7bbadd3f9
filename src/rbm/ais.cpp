#include "fanin/rbm/ais.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string_view>

#include "fanin/core/buffer.h"
#include "fanin/core/error.h"
#include "fanin/random/stream.h"

#include "rbm/binary_rows.h"
#include "rbm/measure_kernels.h"

namespace fanin::rbm {
namespace {

constexpr std::size_t kMaxChains = 65536;
constexpr std::size_t kMaxSteps = 100000000;
constexpr std::size_t kMaxSlab = 128;  // rows whose units stay in the second-level cache

void require(const char* option, std::size_t value, std::size_t least, std::size_t most) {
  if (value >= least && value <= most) return;
  throw Error(ErrorKind::usage, "ais", fmt::format("{} is {}, allowed is {} to {}", option, value, least, most));
}

/// Chains on their way between the base rate and the machine.
class Annealing {
 public:
  Annealing(const Rbm& rbm, const AisOptions& options, std::size_t chains, std::string_view name, ThreadPool& pool)
      : rbm_(rbm),
        pool_(pool),
        betas_((options.validate(), ais_temperatures(options.schedule, options.temperatures))),
        noise_(options.seed, name),
        chains_(chains),
        v_width_(detail::padded_to_chains(rbm.visible())),
        h_width_(detail::padded_to_chains(rbm.hidden())),
        slab_(std::min(kMaxSlab, (chains + pool.threads() - 1) / pool.threads())),
        log_weights_(chains) {
    const RbmSpec& spec = rbm.spec();
    if (spec.visible_units != UnitKind::binary || spec.hidden_units != UnitKind::binary || spec.labels > 0) {
      throw Error(ErrorKind::unsupported, "ais", "annealed importance sampling is for binary units without labels");
    }
    if (!options.base_bias.empty() && options.base_bias.size() != rbm.visible()) {
      throw Error(ErrorKind::usage, "ais",
                  fmt::format("a base bias of {} values, allowed are none and one for each of the {} visible units",
                              options.base_bias.size(), rbm.visible()));
    }
    base_.assign(v_width_, 0.0F);
    std::copy(options.base_bias.begin(), options.base_bias.end(), base_.begin());
    bias_difference_.assign(v_width_, 0.0);
    for (std::size_t i = 0; i < rbm.visible(); ++i) {
      bias_difference_[i] = static_cast<double>(rbm.visible_bias()[i]) - static_cast<double>(base_[i]);
    }
    v_ = Buffer<float>(chains * v_width_);
    h_ = Buffer<float>(chains * h_width_);
  }

  [[nodiscard]] const std::vector<double>& betas() const { return betas_; }
  [[nodiscard]] std::vector<double>& log_weights() { return log_weights_; }
  [[nodiscard]] float* visible(std::size_t chain) { return v_.data() + chain * v_width_; }

  [[nodiscard]] double log_z0() const {
    double sum = static_cast<double>(rbm_.hidden()) * std::numbers::ln2;
    for (std::size_t i = 0; i < rbm_.visible(); ++i) {
      const auto x = static_cast<double>(base_[i]);
      sum += std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
    }
    return sum;
  }

  /// step(slab, number) for numbers [0, steps), all of them for one slab of chains after another; false when stopped.
  template <class Step>
  bool run(std::size_t steps, AisProgress progress, const Step& step) {
    const std::size_t part = std::max<std::size_t>(1, steps / 100);
    for (std::size_t from = 0; from < steps; from += part) {
      const std::size_t to = std::min(steps, from + part);
      parallel_for(pool_, chains_, slab_, [&](std::size_t first, std::size_t last) {
        Slab slab(*this, first, last - first);
        for (std::size_t number = from; number < to; ++number) step(slab, number);
      });
      if (!progress(to, steps)) return false;
    }
    return true;
  }

  /// Some chains, and what one thread needs for them.
  class Slab {
   public:
    Slab(Annealing& a, std::size_t first, std::size_t count)
        : a_(a),
          first_(first),
          v_(a.v_.data() + first * a.v_width_, count, a.rbm_.visible(), a.v_width_),
          h_(a.h_.data() + first * a.h_width_, count, a.rbm_.hidden(), a.h_width_),
          offset_(std::max(a.v_width_, a.h_width_)),
          words_(offset_.size()) {}

    /// v from the base rate.
    void start(std::uint64_t number) { sample(v_, 0, a_.base_, a_.noise_.fold_in(number).fold_in(0)); }
    /// The inputs of the hidden units, which weigh() and gibbs() expect.
    void hidden_inputs() { a_.rbm_.hidden_inputs(v_, h_); }
    /// log w += sign (log p*_to(v) - log p*_from(v)) for temperatures number from < to.
    void weigh(std::size_t from, std::size_t to, double sign) {
      const double b0 = a_.betas_[from];
      const double b1 = a_.betas_[to];
      for (std::size_t r = 0; r < v_.rows; ++r) {
        const double visible = detail::dot(v_.row(r), a_.bias_difference_.data(), a_.v_width_);
        const double hidden = detail::softplus_step(h_.row(r), b0, b1, a_.h_width_);
        a_.log_weights_[first_ + r] += sign * ((b1 - b0) * visible + hidden);
      }
    }
    /// A Gibbs step of p_beta from the inputs of the hidden units.
    void gibbs(double beta, std::uint64_t number) {
      const random::Stream noise = a_.noise_.fold_in(number);
      std::fill(offset_.begin(), offset_.end(), 0.0F);
      sample(h_, static_cast<float>(beta), offset_, noise.fold_in(1));
      a_.rbm_.visible_inputs(h_, v_);
      for (std::size_t i = 0; i < a_.v_width_; ++i) offset_[i] = static_cast<float>(1 - beta) * a_.base_[i];
      sample(v_, static_cast<float>(beta), offset_, noise.fold_in(0));
    }

   private:
    void sample(MatrixView<float> x, float beta, std::span<const float> offset, const random::Stream& noise) {
      std::fill(words_.begin(), words_.end(), ~std::uint32_t{0});
      for (std::size_t r = 0; r < x.rows; ++r) {
        noise.words((first_ + r) * x.cols, std::span(words_).first(x.cols));
        detail::sample_tempered(x.row(r), beta, offset.data(), words_.data(), x.stride);
      }
    }

    Annealing& a_;
    std::size_t first_;
    MatrixView<float> v_;
    MatrixView<float> h_;
    std::vector<float> offset_;
    std::vector<std::uint32_t> words_;
  };

 private:
  const Rbm& rbm_;
  ThreadPool& pool_;
  std::vector<double> betas_;
  random::Stream noise_;
  std::size_t chains_;
  std::size_t v_width_;
  std::size_t h_width_;
  std::size_t slab_;
  std::vector<double> log_weights_;
  std::vector<float> base_;
  std::vector<double> bias_difference_;
  Buffer<float> v_;
  Buffer<float> h_;
};

/// log Z = log Z_0 + sign log mean w and its interval.
AisResult estimate(double log_z0, double sign, std::vector<double> log_weights, std::size_t temperatures) {
  AisResult result;
  result.chains = log_weights.size();
  result.temperatures = temperatures;
  for (const double w : log_weights) {
    if (std::isfinite(w)) continue;
    throw Error(ErrorKind::numeric, "ais", fmt::format("a log weight is {}: parameters are too large or NaN", w));
  }
  const auto n = static_cast<double>(log_weights.size());
  const double top = *std::max_element(log_weights.begin(), log_weights.end());
  double sum = 0;
  double squares = 0;
  for (const double w : log_weights) {
    sum += std::exp(w - top);
    squares += std::exp(2 * (w - top));
  }
  const double mean = sum / n;
  double deviations = 0;
  for (const double w : log_weights) deviations += std::pow(std::exp(w - top) - mean, 2);
  const double three = 3 * std::sqrt(deviations / (n - 1) / n);
  const double low = mean > three ? std::log(mean - three) : -std::numeric_limits<double>::infinity();
  const double high = std::log(mean + three);
  result.log_z = log_z0 + sign * (top + std::log(mean));
  result.log_z_low = log_z0 + sign * (top + (sign > 0 ? low : high));
  result.log_z_high = log_z0 + sign * (top + (sign > 0 ? high : low));
  result.ess = sum * sum / squares;
  result.log_weights = std::move(log_weights);
  return result;
}

AisResult stopped(std::size_t chains, std::size_t temperatures) {
  AisResult result;
  result.log_z = result.log_z_low = result.log_z_high = std::numeric_limits<double>::quiet_NaN();
  result.chains = chains;
  result.temperatures = temperatures;
  result.finished = false;
  return result;
}

}  // namespace

void AisOptions::validate() const {
  require("chains", chains, 2, kMaxChains);
  require("temperatures", temperatures, 2, kMaxSteps);
  require("burn-in", burn_in, 0, kMaxSteps);
  for (std::size_t i = 0; i < base_bias.size(); ++i) {
    if (std::isfinite(base_bias[i])) continue;
    throw Error(ErrorKind::usage, "ais", fmt::format("base bias {} is {}, allowed are finite values", i, base_bias[i]));
  }
}

std::vector<double> ais_temperatures(AisSchedule schedule, std::size_t n) {
  require("temperatures", n, 2, kMaxSteps);
  std::vector<double> betas(n);
  for (std::size_t k = 0; k < n; ++k) {
    const double way = static_cast<double>(k) / static_cast<double>(n - 1);
    const double s = 14500 * way;
    betas[k] = schedule == AisSchedule::linear ? way
               : s <= 500                      ? s * 1e-3
               : s <= 4500                     ? 0.5 + (s - 500) * 1e-4
                                               : 0.9 + (s - 4500) * 1e-5;
  }
  betas.back() = 1;
  return betas;
}

AisResult ais(const Rbm& rbm, const AisOptions& options, ThreadPool& pool, AisProgress progress) {
  Annealing a(rbm, options, options.chains, "ais", pool);
  const std::size_t steps = options.temperatures - 1;
  const bool finished = a.run(steps, progress, [&](Annealing::Slab& slab, std::size_t k) {
    if (k == 0) slab.start(0);
    slab.hidden_inputs();
    slab.weigh(k, k + 1, 1);
    if (k + 1 < steps) slab.gibbs(a.betas()[k + 1], k + 1);
  });
  if (!finished) return stopped(options.chains, options.temperatures);
  return estimate(a.log_z0(), 1, std::move(a.log_weights()), options.temperatures);
}

AisResult reverse_ais(const Rbm& rbm, MatrixView<const float> start, const AisOptions& options, ThreadPool& pool,
                      AisProgress progress) {
  require("the number of starts", start.rows, 2, kMaxChains);
  detail::require_shape(start, rbm.visible(), start.rows, "chains");
  Annealing a(rbm, options, start.rows, "reverse ais", pool);
  detail::require_binary(start, rbm.visible(), "start");
  for (std::size_t r = 0; r < start.rows; ++r) std::copy_n(start.row(r), start.cols, a.visible(r));
  const std::size_t weighings = options.temperatures - 1;
  const std::size_t burn_in = options.burn_in;
  const bool finished = a.run(burn_in + weighings, progress, [&](Annealing::Slab& slab, std::size_t number) {
    slab.hidden_inputs();
    if (number < burn_in) {
      slab.gibbs(1, number);
      return;
    }
    const std::size_t k = weighings - (number - burn_in);  // from temperature k down to k - 1
    slab.weigh(k - 1, k, -1);
    if (k > 1) slab.gibbs(a.betas()[k - 1], number);
  });
  if (!finished) return stopped(start.rows, options.temperatures);
  return estimate(a.log_z0(), -1, std::move(a.log_weights()), options.temperatures);
}

}  // namespace fanin::rbm
