#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "fanin/core/shape.h"
#include "fanin/core/thread_pool.h"
#include "fanin/init/catalogue.h"
#include "fanin/init/data_report.h"
#include "fanin/init/krahenbuhl.h"
#include "fanin/init/layer_access.h"
#include "fanin/init/lsuv.h"
#include "fanin/init/scheme.h"
#include "fanin/init/weight_norm.h"

namespace fanin::init {

/// A data-dependent initializer as a value with one spelling, by the grammar of schemes:
///
///     lsuv(inside=orthogonal, std=1, tolerance=0.1, attempts=10, center=no, samples=1000, batch=drawn)
///     krahenbuhl(inside=normal, bias=0.1, calibrate=yes, rounds=10, tolerance=0.01, samples=1000, batch=drawn)
///     weight_norm(inside=normal(0, 0.05), gain=data, gamma=2, samples=1000, batch=drawn)
///
/// `inside` is the scheme that fills the weights first; krahenbuhl also takes pca, zca, kmeans or patches there.
/// `samples` and `batch` say which samples are looked at: so many, `drawn` by the seed or the `first` ones. Whoever has
/// the data chooses them: where `samples` is not written, a smaller set is taken whole.
class DataDependent {
 public:
  /// Whether `text` begins with one of these names, right or wrong.
  [[nodiscard]] static bool is_meant(std::string_view text);
  /// Throws Error(usage) as Scheme::parse().
  [[nodiscard]] static DataDependent parse(std::string_view text);

  /// The text it was parsed from, without white space at the ends.
  [[nodiscard]] const std::string& str() const noexcept { return text_; }
  /// The scheme inside: what fills the weights first. normal(0, 1) where they are made of the data.
  [[nodiscard]] const Scheme& start() const noexcept { return start_; }
  [[nodiscard]] std::size_t samples() const noexcept { return samples_; }
  [[nodiscard]] bool samples_are_a_must() const noexcept { return samples_are_a_must_; }
  [[nodiscard]] bool drawn() const noexcept { return drawn_; }

  /// Whether the method itself says what biases become, whatever filled them: krahenbuhl and weight_norm do.
  [[nodiscard]] bool sets_biases() const noexcept { return !std::holds_alternative<LsuvOptions>(method_); }

  /// Throws Error(usage) for shapes [units, inputs...] that no data can serve (pca of more units than inputs) or that
  /// so many rows cannot: a look ahead, for whoever is about to begin something long.
  void check(std::span<const Shape> shapes, std::size_t rows) const;

  /// Initializes a network whose weights and biases are there already. Everything random comes from `seed`. Throws as
  /// lsuv(), krahenbuhl() or weight_norm().
  DataReport run(LayerAccess& network, std::uint64_t seed, ThreadPool& pool) const;
  /// The same after filling: weights by start() from Stream(seed, layer name), biases with zeros.
  DataReport fill_and_run(LayerAccess& network, std::uint64_t seed, ThreadPool& pool) const;

 private:
  using Method = std::variant<LsuvOptions, KrahenbuhlOptions, WeightNormOptions>;
  DataDependent(std::string text, Scheme start, Method method)
      : text_(std::move(text)), start_(std::move(start)), method_(method) {}

  std::string text_;
  Scheme start_;
  Method method_;
  std::size_t samples_ = 0;
  bool samples_are_a_must_ = false;
  bool drawn_ = true;
};

/// All of them, for people, as catalogue() lists the schemes.
[[nodiscard]] std::span<const SchemeInfo> data_dependent_catalogue();

}  // namespace fanin::init
