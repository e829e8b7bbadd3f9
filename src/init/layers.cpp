#include "init/layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace fanin::init {
namespace {

// Sums of columns, and of their squares, around the first row: a mean that is large beside the spread costs no digits.
class ColumnSums {
 public:
  explicit ColumnSums(std::size_t cols) : shift_(cols), sum_(cols), squares_(cols) {}

  void add(MatrixView<const float> rows, ThreadPool& pool) {
    constexpr std::size_t kCols = 64;
    if (rows.rows == 0) return;
    if (rows_ == 0) std::copy_n(rows.row(0), rows.cols, shift_.begin());
    rows_ += rows.rows;
    parallel_for(pool, rows.cols, kCols, [&](std::size_t first, std::size_t last) {
      for (std::size_t r = 0; r < rows.rows; ++r) {
        const float* x = rows.row(r);
        for (std::size_t j = first; j < last; ++j) {
          const double d = static_cast<double>(x[j]) - shift_[j];
          sum_[j] += d;
          squares_[j] += d * d;
        }
      }
    });
  }

  [[nodiscard]] OutputMoments moments() const {
    OutputMoments m{rows_, std::vector<double>(sum_.size()), std::vector<double>(sum_.size())};
    const auto n = static_cast<double>(rows_);
    const auto units = static_cast<double>(sum_.size());
    for (std::size_t j = 0; j < sum_.size(); ++j) {
      const double mean = sum_[j] / n;
      m.mean[j] = shift_[j] + mean;
      m.variance[j] = squares_[j] / n - mean * mean;
      if (m.variance[j] < 0) m.variance[j] = 0;  // not max(): a NaN must not be lost
      m.overall_mean += m.mean[j] / units;
    }
    double within = 0;
    double between = 0;
    for (std::size_t j = 0; j < sum_.size(); ++j) {
      const double off = m.mean[j] - m.overall_mean;
      within += m.variance[j] / units;
      between += off * off / units;
      if (m.is_constant(j)) ++m.constant;
    }
    m.unit_std = std::sqrt(within);
    m.overall_std = std::sqrt(within + between);
    return m;
  }

 private:
  std::size_t rows_ = 0;
  std::vector<double> shift_, sum_, squares_;
};

std::vector<LayerView> views_of(LayerAccess& access) {
  std::vector<LayerView> views;
  for (std::size_t k = 0; k < access.layers(); ++k) views.push_back(access.layer(k));
  return views;
}

double mean_square(std::span<const float> values) {
  double sum = 0;
  for (const float x : values) sum += static_cast<double>(x) * static_cast<double>(x);
  return sum / static_cast<double>(values.size());
}

}  // namespace

void LayerAccess::inputs(std::size_t k, TakeRows /*take*/) {
  throw Error(ErrorKind::unsupported, "init", fmt::format("the network does not show the inputs of layer {}", k));
}

void LayerAccess::gradients(TakeGradient /*take*/) {
  throw Error(ErrorKind::unsupported, "init",
              "the network gives no gradients, which the calibration of gradient ratios needs");
}

bool OutputMoments::is_constant(std::size_t unit) const {
  constexpr double kRounding = 1e-6;
  return std::sqrt(variance[unit]) <= kRounding * std::abs(mean[unit]);
}

Layers::Layers(LayerAccess& access, std::string_view method, ThreadPool& pool)
    : access_(access), method_(method), pool_(pool), views_(views_of(access)) {
  if (views_.empty()) throw Error(ErrorKind::usage, method_, "the network has no layer with weights");
  for (std::size_t k = 0; k < size(); ++k) {
    const LayerView& v = views_[k];
    if (v.shape.rank() < 2 || v.shape.elements() == 0) {
      fail(ErrorKind::usage, k, fmt::format("the shape is {}, wanted are units and inputs", v.shape.str()));
    }
    check_size(k, "weights", v.weight.size(), v.shape.elements());
    if (!v.bias.empty()) check_size(k, "biases", v.bias.size(), units(k));
    for (const std::span<float> values : {v.weight, v.bias}) {
      for (const float x : values) {
        if (!std::isfinite(x)) fail(ErrorKind::numeric, k, fmt::format("a weight or bias is {}", x));
      }
    }
  }
}

void Layers::fail(ErrorKind kind, std::size_t k, std::string_view sentence) const {
  throw Error(kind, method_, fmt::format("layer '{}': {}", views_[k].name, sentence));
}

void Layers::check_size(std::size_t k, std::string_view what, std::size_t given, std::size_t wanted) const {
  if (given == wanted) return;
  fail(ErrorKind::usage, k,
       fmt::format("{} {} given, its shape {} has {}", given, what, views_[k].shape.str(), wanted));
}

OutputMoments Layers::moments(std::size_t k) {
  ColumnSums sums(units(k));
  access_.outputs(k, [&](MatrixView<const float> rows) {
    check_size(k, "outputs", rows.cols, units(k));
    sums.add(rows, pool_);
  });
  OutputMoments m = sums.moments();
  if (m.rows < 2) fail(ErrorKind::usage, k, fmt::format("{} rows of outputs given, at least 2 are needed", m.rows));
  for (std::size_t u = 0; u < units(k); ++u) {
    if (!std::isfinite(m.mean[u]) || !std::isfinite(m.variance[u])) {
      fail(ErrorKind::numeric, k, fmt::format("outputs of unit {} are not finite", u));
    }
  }
  if (m.constant == units(k)) {
    fail(ErrorKind::numeric, k,
         fmt::format("the outputs of all {} units are the same for all {} rows: no scale brings back what is lost",
                     units(k), m.rows));
  }
  return m;
}

std::vector<float> Layers::inputs(std::size_t k) {
  std::vector<float> all;
  access_.inputs(k, [&](MatrixView<const float> rows) {
    check_size(k, "inputs", rows.cols, fan(k));
    for (std::size_t r = 0; r < rows.rows; ++r) all.insert(all.end(), rows.row(r), rows.row(r) + rows.cols);
  });
  const std::size_t rows = all.size() / fan(k);
  if (rows < 2) fail(ErrorKind::usage, k, fmt::format("{} rows of inputs given, at least 2 are needed", rows));
  const auto wrong = std::find_if(all.begin(), all.end(), [](float x) { return !std::isfinite(x); });
  if (wrong != all.end()) fail(ErrorKind::numeric, k, fmt::format("an input is {}", *wrong));
  return all;
}

std::vector<double> Layers::gradient_ratios() {
  std::vector<double> squares(size());
  std::vector<bool> given(size(), false);
  access_.gradients([&](std::size_t k, std::span<const float> gradient) {
    if (k >= size()) {
      throw Error(ErrorKind::usage, method_, fmt::format("a gradient of layer {} given, there are {}", k, size()));
    }
    check_size(k, "derivatives", gradient.size(), views_[k].shape.elements());
    if (given[k]) fail(ErrorKind::usage, k, "its gradient is given twice");
    given[k] = true;
    squares[k] = mean_square(gradient);
  });
  std::vector<double> ratios(size());
  for (std::size_t k = 0; k < size(); ++k) {
    if (!given[k]) fail(ErrorKind::usage, k, "its gradient is not given");
    if (!std::isfinite(squares[k])) fail(ErrorKind::numeric, k, "its gradient is not finite");
    if (squares[k] == 0) fail(ErrorKind::numeric, k, "its gradient is zero, so no scale balances it with the others");
    const double weights = mean_square(views_[k].weight);
    if (weights == 0) fail(ErrorKind::numeric, k, "all weights are zero");
    ratios[k] = std::sqrt(squares[k] / weights);
  }
  return ratios;
}

double Layers::weight_size(std::size_t k) const {
  return std::sqrt(mean_square(views_[k].weight));
}

DataReport Layers::report() const {
  DataReport report;
  report.method = method_;
  for (std::size_t k = 0; k < size(); ++k) {
    LayerReport layer;
    layer.name = views_[k].name;
    layer.units = units(k);
    report.layers.push_back(std::move(layer));
  }
  return report;
}

void Layers::finish(LayerReport& report, const OutputMoments& after, std::size_t k, double size) const {
  report.mean_after = after.overall_mean;
  report.std_after = after.overall_std;
  report.unit_std_after = after.unit_std;
  report.constant = after.constant;
  report.scale = size > 0 ? weight_size(k) / size : 1;
}

void begin(LayerReport& report, const OutputMoments& before) {
  report.rows = before.rows;
  report.mean_before = before.overall_mean;
  report.std_before = before.overall_std;
}

void multiply(std::span<float> values, double factor) {
  for (float& x : values) x = static_cast<float>(static_cast<double>(x) * factor);
}

}  // namespace fanin::init
