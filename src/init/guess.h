#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fanin/init/infer.h"

#include "init/part_names.h"

namespace fanin::init {

/// What a name and a shape tell of a tensor. Without a role, `reason` says why none is known.
struct Guess {
  std::optional<Role> role{};
  LayerKind kind = LayerKind::other;
  Fans fans;
  State state = State::raw;
  std::string reason;
  std::string beside{};  ///< of a bias: the weight whose fans and part it has
  std::optional<Part> part{};
};

/// The tensors of one model, each seen beside the others.
class Guesser {
 public:
  explicit Guesser(std::span<const NamedTensor> tensors);
  [[nodiscard]] Guess guess(const NamedTensor& tensor) const;

 private:
  [[nodiscard]] const NamedTensor* beside(const std::string& layer, std::string_view last) const;
  [[nodiscard]] Guess weight(const NamedTensor& t, const std::string& layer) const;
  [[nodiscard]] Guess weight_matrix(const NamedTensor& t, const std::string& layer) const;
  [[nodiscard]] Guess kernel(const NamedTensor& t, const std::string& layer) const;
  [[nodiscard]] Guess recurrent(const NamedTensor& t, const std::string& layer, std::string_view last) const;
  [[nodiscard]] Guess bias(const std::string& layer, std::string_view last) const;
  [[nodiscard]] Guess role_of(const NamedTensor& t) const;
  [[nodiscard]] std::optional<NamedPart> part_of(const NamedTensor& t, const Guess& g) const;
  [[nodiscard]] std::optional<NamedPart> part_of_a_resnet(std::string_view layer, bool of_a_norm) const;
  [[nodiscard]] bool norms_follow_convolutions(std::span<const NamedTensor> tensors) const;
  [[nodiscard]] Guess by_last_word(const NamedTensor& t, const std::string& layer, std::string_view last) const;

  std::map<std::string, const NamedTensor*, std::less<>> by_name_;
  bool norms_follow_ = false;  // bn1 stands behind conv1, not before it
};

/// The fans of a layer of `kind` with a weight of `shape`; NaN where the shape does not show them.
[[nodiscard]] Fans fans_of(LayerKind kind, const Shape& shape, std::optional<std::size_t> groups);

}  // namespace fanin::init
