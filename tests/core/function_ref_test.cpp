#include "fanin/core/function_ref.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>

namespace fanin {
namespace {

int twice(int x) {
  return 2 * x;
}

struct Counter {
  int calls = 0;
  int operator()(int x) { return calls += x; }
};

TEST(FunctionRef, CallsALambdaWithItsCaptures) {
  int sum = 0;
  const auto add = [&sum](int x) { sum += x; };
  const FunctionRef<void(int)> f = add;
  f(3);
  f(4);
  EXPECT_EQ(sum, 7);
}

TEST(FunctionRef, CallsAPlainFunction) {
  const FunctionRef<int(int)> f = twice;
  EXPECT_EQ(f(21), 42);
}

TEST(FunctionRef, BorrowsTheCallableAndDoesNotCopyIt) {
  Counter counter;
  const FunctionRef<int(int)> f = counter;
  const FunctionRef<int(int)> copy = f;
  f(1);
  copy(2);
  EXPECT_EQ(counter.calls, 3);
}

TEST(FunctionRef, PassesReferencesAndMoveOnlyArguments) {
  const auto grow = [](std::string& s) { s += '!'; };
  std::string text = "hi";
  const FunctionRef<void(std::string&)> grown = grow;
  grown(text);
  EXPECT_EQ(text, "hi!");

  const auto take = [](std::unique_ptr<int> p) { return *p; };
  EXPECT_EQ((FunctionRef<int(std::unique_ptr<int>)>(take)(std::make_unique<int>(5))), 5);
}

TEST(FunctionRef, AVoidSignatureDropsTheResult) {
  Counter counter;
  const FunctionRef<void(int)> f = counter;
  f(4);
  EXPECT_EQ(counter.calls, 4);
}

TEST(FunctionRef, RejectsCallablesOfAnotherSignature) {
  static_assert(std::is_constructible_v<FunctionRef<int(int)>, Counter&>);
  static_assert(!std::is_constructible_v<FunctionRef<int(std::string)>, Counter&>);
  static_assert(!std::is_constructible_v<FunctionRef<std::string(int)>, Counter&>);
  static_assert(!std::is_constructible_v<FunctionRef<int(int)>, const Counter&>);
  static_assert(!std::is_constructible_v<FunctionRef<int(int)>, int>);
}

}  // namespace
}  // namespace fanin
