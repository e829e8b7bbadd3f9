#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "fanin/core/shape.h"
#include "fanin/core/thread_pool.h"
#include "fanin/init/fans.h"
#include "fanin/init/scheme.h"
#include "fanin/random/stream.h"

#include "init/promise.h"

namespace fanin::init {

/// Writes elements first .. first + out.size() - 1 of one tensor.
using Elements = std::function<void(const random::Stream& stream, std::uint64_t first, std::span<float> out)>;

/// Lets the threads write what `elements` says, in pieces that do not depend on their number.
void fill_in_parts(const Elements& elements, const random::Stream& stream, std::span<float> out, ThreadPool& pool);

/// Throws Error(usage) unless the rank of `shape` is in [least, most].
void want_rank(std::string_view scheme, const Shape& shape, std::size_t least, std::size_t most = Shape::kMaxRank);

/// The taps of a kernel [out, in, ...], and which of them, in row-major order, is the middle one.
struct Taps {
  std::uint64_t count = 1;
  std::uint64_t middle = 0;
};
[[nodiscard]] Taps taps_of(const Shape& shape);

/// What a tensor promises in which `set` of `total` positions hold `value` and the others 0.
[[nodiscard]] Expected two_values(double value, double set, double total);

/// The statistics of a tensor that needs no random numbers, by making it piece by piece.
[[nodiscard]] Expected measured(const Elements& elements, std::size_t count);

/// Any part of a matrix whose rows, of `cols` elements, can only be made as a whole: row(stream, r, out).
using Row = std::function<void(const random::Stream& stream, std::uint64_t r, std::span<float> out)>;
[[nodiscard]] Elements row_elements(std::uint64_t cols, Row row);
/// All rows, each made once.
void fill_rows(std::uint64_t cols, const Row& row, const random::Stream& stream, std::span<float> out,
               ThreadPool& pool);

namespace detail {

/// A scheme with every parameter resolved.
struct Rule {
  virtual ~Rule() = default;
  /// Throws Error(usage) for a shape that the rule cannot fill.
  virtual void check(const Shape& shape) const = 0;
  /// For a shape that passed check(). Throws Error(usage) for a fan that is not above 0, if the tensor has elements.
  [[nodiscard]] virtual Expected expected(const Shape& shape, Fans fans) const = 0;
  [[nodiscard]] virtual Promise promise(const Shape& shape, Fans fans) const = 0;
  [[nodiscard]] virtual bool elementwise() const noexcept = 0;
  /// Any part of the tensor, if elementwise(). Throws as expected(), before anything is written.
  [[nodiscard]] virtual Elements elements(const Shape& shape, Fans fans) const = 0;
  /// The whole tensor.
  virtual void fill(const Shape& shape, Fans fans, const random::Stream& stream, std::span<float> out,
                    ThreadPool& pool) const = 0;
  [[nodiscard]] virtual bool equals(const Rule& other) const noexcept = 0;
};

template <class T>
concept HasElements = requires(const T& t, const Shape& shape, Fans fans) {
  t.elements(shape, fans);
};

template <class T>
concept HasWhole = requires(const T& t, const Shape& shape, Fans fans, const random::Stream& stream,
                            std::span<float> out, ThreadPool& pool) {
  t.whole(shape, fans, stream, out, pool);
};

/// A rule from a plain struct of parameters that has ==, expected(shape, fans), and elements(shape, fans) or
/// whole(shape, fans, stream, out, pool) or both (whole is then the faster way); check(shape) and elementwise() if it
/// has something to say. What it promises it says as promise(shape, fans), as law(shape, fans) where that is all, or
/// as kExact where it takes no random numbers.
template <class T>
struct RuleOf final : Rule {
  explicit RuleOf(T parameters) : value(std::move(parameters)) {}

  void check(const Shape& shape) const override {
    if constexpr (requires { value.check(shape); }) value.check(shape);
  }
  Expected expected(const Shape& shape, Fans fans) const override { return value.expected(shape, fans); }
  Promise promise(const Shape& shape, Fans fans) const override {
    if constexpr (requires { value.promise(shape, fans); }) {
      return value.promise(shape, fans);
    } else if constexpr (requires { value.law(shape, fans); }) {
      return promise_of(value.law(shape, fans));
    } else if constexpr (requires { T::kExact; }) {
      return {Promise::Kind::exact};
    } else {
      return {};
    }
  }
  bool elementwise() const noexcept override {
    if constexpr (requires { value.elementwise(); }) return value.elementwise();
    return HasElements<T>;
  }
  Elements elements(const Shape& shape, Fans fans) const override {
    if constexpr (HasElements<T>) {
      return value.elements(shape, fans);
    } else {
      return {};
    }
  }
  void fill(const Shape& shape, Fans fans, const random::Stream& stream, std::span<float> out,
            ThreadPool& pool) const override {
    if constexpr (HasWhole<T>) {
      value.whole(shape, fans, stream, out, pool);
    } else {
      fill_in_parts(value.elements(shape, fans), stream, out, pool);
    }
  }
  bool equals(const Rule& other) const noexcept override {
    const auto* same = dynamic_cast<const RuleOf*>(&other);
    return same != nullptr && same->value == value;
  }

  T value;
};

}  // namespace detail

using RulePtr = std::shared_ptr<const detail::Rule>;

template <class T>
[[nodiscard]] RulePtr make_rule(T parameters) {
  return std::make_shared<const detail::RuleOf<T>>(std::move(parameters));
}

}  // namespace fanin::init
