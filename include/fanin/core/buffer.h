#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace fanin {

namespace detail {
/// `bytes` zeroed bytes on a 64-byte boundary (2 MiB and huge pages where they are worth it).
/// Throws std::bad_alloc.
[[nodiscard]] void* allocate_zeroed(std::size_t bytes);
}  // namespace detail

/// An owned array of numbers on a cache-line boundary, zero at first. Its size is fixed when it is made; moving from
/// a buffer leaves it empty. Elements are not checked against the size. Throws std::bad_alloc, also for a size whose
/// bytes do not fit in 63 bits.
template <typename T>
requires(std::is_trivially_copyable_v<T> && alignof(T) <= 64) class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t size)
      : data_(size == 0 ? nullptr : static_cast<T*>(detail::allocate_zeroed(checked_bytes(size)))), size_(size) {}
  Buffer(Buffer&& other) noexcept : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  [[nodiscard]] T* data() noexcept { return data_.get(); }
  [[nodiscard]] const T* data() const noexcept { return data_.get(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] T& operator[](std::size_t i) noexcept { return data_.get()[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return data_.get()[i]; }
  [[nodiscard]] std::span<T> span() noexcept { return {data(), size_}; }
  [[nodiscard]] std::span<const T> span() const noexcept { return {data(), size_}; }

 private:
  static std::size_t checked_bytes(std::size_t size) {
    return size > static_cast<std::size_t>(-1) / 2 / sizeof(T) ? static_cast<std::size_t>(-1) : size * sizeof(T);
  }
  struct Free {
    void operator()(T* p) const noexcept { std::free(p); }
  };
  std::unique_ptr<T, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace fanin
