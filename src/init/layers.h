#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/thread_pool.h"
#include "fanin/init/data_report.h"
#include "fanin/init/layer_access.h"

namespace fanin::init {

/// The outputs of a layer over a batch. Variances are sums of squares / rows.
struct OutputMoments {
  std::size_t rows = 0;
  std::vector<double> mean, variance;  ///< of each unit
  double overall_mean = 0;
  double overall_std = 0;    ///< the means of units spread too
  double unit_std = 0;       ///< of single units, the root of their mean variance
  std::size_t constant = 0;  ///< units whose variance is no more than float32's rounding

  [[nodiscard]] bool is_constant(std::size_t unit) const;
};

/// A network behind callbacks whose every answer has been checked.
class Layers {
 public:
  /// `method` stands before the sentences of errors. Throws Error(usage) for views that do not fit together.
  Layers(LayerAccess& access, std::string_view method, ThreadPool& pool);

  [[nodiscard]] std::size_t size() const { return views_.size(); }
  [[nodiscard]] const LayerView& view(std::size_t k) const { return views_[k]; }
  [[nodiscard]] std::size_t units(std::size_t k) const { return views_[k].shape[0]; }
  [[nodiscard]] std::size_t fan(std::size_t k) const { return views_[k].shape.elements() / units(k); }
  [[nodiscard]] ThreadPool& pool() const { return pool_; }
  void changed(std::size_t k) { access_.changed(k); }

  /// Throws Error(numeric) for outputs that are not finite and where those of all units are constant.
  [[nodiscard]] OutputMoments moments(std::size_t k);
  /// The rows that layer k sees, [n, fan(k)].
  [[nodiscard]] std::vector<float> inputs(std::size_t k);
  /// sqrt(mean dW^2 / mean W^2) of every layer.
  [[nodiscard]] std::vector<double> gradient_ratios();
  /// sqrt(mean W^2).
  [[nodiscard]] double weight_size(std::size_t k) const;

  /// A report with names and sizes in it.
  [[nodiscard]] DataReport report() const;
  /// Writes what the outputs are at the end, and how the weights grew since `size` was theirs.
  void finish(LayerReport& report, const OutputMoments& after, std::size_t k, double size) const;

  [[noreturn]] void fail(ErrorKind kind, std::size_t k, std::string_view sentence) const;

 private:
  void check_size(std::size_t k, std::string_view what, std::size_t given, std::size_t wanted) const;

  LayerAccess& access_;
  std::string method_;
  ThreadPool& pool_;
  std::vector<LayerView> views_;
};

/// The means and standard deviations before anything was scaled.
void begin(LayerReport& report, const OutputMoments& before);

/// Multiplies float32 numbers by a float64 factor, rounding each once.
void multiply(std::span<float> values, double factor);

}  // namespace fanin::init
