#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace fanin {

template <typename Signature>
class FunctionRef;

/// A borrowed callable (an object with operator() or a function): two pointers, no allocation. Valid only while the
/// callable it was made from lives.
template <typename R, typename... Args>
class FunctionRef<R(Args...)> {
 public:
  template <typename F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef> && std::is_invocable_r_v<R, F&, Args...>)
      FunctionRef(F&& f)  // NOLINT(google-explicit-constructor): it stands in for the callable itself
      : object_(erased(std::addressof(f))), call_([](void* o, Args... args) -> R {
          // The C-style cast turns a void* into a pointer to an object or to a function alike.
          auto& callable = *(std::remove_reference_t<F>*)o;
          if constexpr (std::is_void_v<R>) {
            callable(std::forward<Args>(args)...);
          } else {
            return callable(std::forward<Args>(args)...);
          }
        }) {}

  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  template <typename P>
  static void* erased(P* p) noexcept {
    return (void*)p;
  }

  void* object_;
  R (*call_)(void*, Args...);
};

}  // namespace fanin
